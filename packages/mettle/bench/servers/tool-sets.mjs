import { toolsOfKnownCost } from './tools-of-known-cost.mjs';
import { toolsThatBlock } from './tools-that-block.mjs';

const TOOL_SETS = { 'known-cost': toolsOfKnownCost, blocking: toolsThatBlock };

/** Registers a benchmark's tools, by the API that SDK v1 and v2 share; its answers are as small as can be. */
export function registerTools(server, toolSet) {
  for (const [name, run] of Object.entries(TOOL_SETS[toolSet]))
    server.registerTool(name, { description: name, annotations: { readOnlyHint: true } }, async () => ({
      content: [{ type: 'text', text: String(await run()) }],
    }));
}
