import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createRecordsServer, recordTools } from './record-tools.js';

// The SDK converts all 121 schemas anew for every tools/list.
const server = createRecordsServer(recordTools());
await server.connect(new StdioServerTransport());
