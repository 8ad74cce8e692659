import { setTimeout as laidOut } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { numbers } from './tool.js';

const fetched = new LRUCache({ max: 500 });

/** A cache that takes five hundred calls to fill, and a report that makes garbage in bursts. */
export function registerHealthy(tool) {
  tool('cached_fetch', 'Fetches a page, or takes it from the cache.', ({ key }) => {
    if (!fetched.has(key)) fetched.set(key, { key, body: `page ${key}`, rows: numbers(128) });
    return fetched.get(key).body;
  });

  tool('render_report', 'Renders a report; large ones make much garbage.', async ({ key, amount }) => {
    const rows = numbers(200 + (amount % 7) * 400).map((row) => ({
      row,
      text: `${key} ${row}`,
      cells: new Map([[row, key]]),
    }));
    await laidOut(1);
    return JSON.stringify(rows).length;
  });
}
