import { z } from 'zod';
import { Table } from '../database.js';

const reserved = new Table(10);
let last = Promise.resolve();

/** One lock for the whole shop. */
async function oneAtATime(work) {
  const before = last;
  let done;
  last = new Promise((resolve) => (done = resolve));
  await before;
  try {
    return await work();
  } finally {
    done();
  }
}

export function addReserve(server) {
  server.registerTool(
    'reserve',
    {
      description: 'Sets one piece of an item aside.',
      inputSchema: { item: z.string().min(1).max(40) },
    },
    async ({ item }) =>
      oneAtATime(async () => {
        const pieces = ((await reserved.get(item)) ?? 0) + 1;
        await reserved.set(item, pieces);
        return { content: [{ type: 'text', text: `Reserved, ${pieces} in all` }] };
      }),
  );
}
