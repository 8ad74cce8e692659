import { z } from 'zod';

const input = {
  key: z.string().min(1).max(60),
  amount: z.number().int().min(0).max(1_000_000),
};

/** How every tool here is registered: they differ in what they keep. */
export function toolsOf(server) {
  return (name, description, handle) => {
    server.registerTool(
      name,
      { description, inputSchema: input, annotations: { readOnlyHint: true } },
      async (args) => ({ content: [{ type: 'text', text: String(await handle(args)) }] }),
    );
  };
}

/** So many numbers, of about eight bytes each. */
export function numbers(count) {
  return Array.from({ length: count }, (_, at) => at);
}
