import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { registerHealthy } from '../six-tools/healthy-tools.js';
import { registerMended } from '../six-tools/mended-tools.js';
import { toolsOf } from '../six-tools/tool.js';
import { registerMoreHealthy } from './more-healthy-tools.js';

const server = new McpServer({ name: 'large-hub', version: '1.0.0' });
const tool = toolsOf(server);
registerMended(tool);
registerHealthy(tool);
registerMoreHealthy(tool);

await server.connect(new StdioServerTransport());
