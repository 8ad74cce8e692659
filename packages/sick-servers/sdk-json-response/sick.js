import { serveDictionary } from './dictionary.js';

// The transport of SDK 1.32.2 never forgets a request that it answered as JSON: modelcontextprotocol/typescript-sdk#2559.
serveDictionary({ enableJsonResponse: true });
