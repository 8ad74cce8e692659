import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { createRecordsServer, recordTools } from './record-tools.js';

const tools = recordTools();
const listed = tools.map(({ name, description, schema, annotations }) => ({
  name,
  description,
  inputSchema: z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }),
  annotations,
}));

const server = createRecordsServer(tools);
// Converted once, above; the tools never change while the server runs.
server.server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listed }));
await server.connect(new StdioServerTransport());
