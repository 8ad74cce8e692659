import { offload } from '@mettle/runtime/offload';
import { z } from 'zod';

const rank = offload(new URL('../rank.js', import.meta.url), { threads: 2, maxQueued: 64 });

export function addRecommend(server) {
  server.registerTool(
    'recommend',
    {
      description: 'Ranks the catalogue for one customer.',
      inputSchema: { customer: z.string().min(1).max(40), limit: z.number().int().min(1).max(20).default(5) },
      annotations: { readOnlyHint: true },
    },
    async (input) => ({ content: [{ type: 'text', text: JSON.stringify(await rank(input)) }] }),
  );
}
