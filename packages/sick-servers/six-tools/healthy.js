import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { registerHealthy } from './healthy-tools.js';
import { registerMended } from './mended-tools.js';
import { toolsOf } from './tool.js';

const server = new McpServer({ name: 'hub', version: '1.0.0' });
const tool = toolsOf(server);
registerMended(tool);
registerHealthy(tool);

await server.connect(new StdioServerTransport());
