import { exclusive } from '@mettle/runtime/exclusive';
import { z } from 'zod';
import { Table } from '../database.js';

const reserved = new Table(10);

export function addReserve(server) {
  server.registerTool(
    'reserve',
    {
      description: 'Sets one piece of an item aside.',
      inputSchema: { item: z.string().min(1).max(40) },
    },
    async ({ item }) =>
      exclusive(`item ${item}`, async () => {
        const pieces = ((await reserved.get(item)) ?? 0) + 1;
        await reserved.set(item, pieces);
        return { content: [{ type: 'text', text: `Reserved, ${pieces} in all` }] };
      }),
  );
}
