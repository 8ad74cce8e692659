import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { registerHealthy } from '../six-tools/healthy-tools.js';
import { registerLeaking } from '../six-tools/leaking-tools.js';
import { toolsOf } from '../six-tools/tool.js';
import { registerMoreHealthy } from './more-healthy-tools.js';
import { registerMoreLeaking } from './more-leaking-tools.js';

// Eleven tools that leak and seven that do not, in one server.
const server = new McpServer({ name: 'large-hub', version: '1.0.0' });
const tool = toolsOf(server);
registerLeaking(tool);
registerMoreLeaking(tool);
registerHealthy(tool);
registerMoreHealthy(tool);

await server.connect(new StdioServerTransport());
