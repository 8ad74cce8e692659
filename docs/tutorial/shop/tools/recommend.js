import { z } from 'zod';
import rank from '../rank.js';

export function addRecommend(server) {
  server.registerTool(
    'recommend',
    {
      description: 'Ranks the catalogue for one customer.',
      inputSchema: { customer: z.string().min(1).max(40), limit: z.number().int().min(1).max(20).default(5) },
      annotations: { readOnlyHint: true },
    },
    async (input) => ({ content: [{ type: 'text', text: JSON.stringify(rank(input)) }] }),
  );
}
