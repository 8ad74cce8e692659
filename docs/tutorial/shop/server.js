import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { addRecommend } from './tools/recommend.js';
import { addRegister } from './tools/register.js';
import { addReserve } from './tools/reserve.js';
import { addSearch } from './tools/search.js';

const server = new McpServer({ name: 'shop', version: '1.0.0' });
addRecommend(server);
addSearch(server);
addReserve(server);
addRegister(server);
await server.connect(new StdioServerTransport());
