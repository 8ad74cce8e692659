import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { registerHealthy } from './healthy-tools.js';
import { registerLeaking } from './leaking-tools.js';
import { toolsOf } from './tool.js';

// Four tools that leak, each in its way, and two that only look as if they did.
const server = new McpServer({ name: 'hub', version: '1.0.0' });
const tool = toolsOf(server);
registerLeaking(tool);
registerHealthy(tool);

await server.connect(new StdioServerTransport());
