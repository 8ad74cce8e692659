import { compileToTheEnd, toolsOfKnownCost } from './tools-of-known-cost.mjs';
import { toolsThatBlock } from './tools-that-block.mjs';

/** The same code under a second name: what V8 compiles anew in its time is compiled for both. */
const settling = Object.fromEntries(
  Object.entries(toolsOfKnownCost).map(([name, run]) => [
    `settling-${name}`,
    () => {
      compileToTheEnd(10);
      return run();
    },
  ]),
);
const TOOL_SETS = { 'known-cost': { ...toolsOfKnownCost, ...settling }, blocking: toolsThatBlock };

/** Registers a benchmark's tools, by the API that SDK v1 and v2 share; its answers are as small as can be. */
export function registerTools(server, toolSet) {
  for (const [name, run] of Object.entries(TOOL_SETS[toolSet]))
    server.registerTool(name, { description: name, annotations: { readOnlyHint: true } }, async () => ({
      content: [{ type: 'text', text: String(await run()) }],
    }));
}
