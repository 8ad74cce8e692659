import { EventEmitter, once } from 'node:events';
import { LRUCache } from 'lru-cache';
import { ring } from '@mettle/runtime/memory';
import { numbers } from './tool.js';

const updates = new EventEmitter();
updates.setMaxListeners(0);
const sessions = new Map();
const responses = new LRUCache({ max: 300 });
const samples = ring(500);
let lastSession = 0;

/** The same four as in leaking-tools.js, which let go of what they kept. */
export function registerMended(tool) {
  tool('subscribe_updates', 'Tells of updates to a key.', async ({ key }) => {
    const first = once(updates, 'update');
    updates.emit('update', key);
    await first;
    return `subscribed to ${key}`;
  });

  tool('open_session', 'Opens a session.', ({ key }) => {
    const state = { key, history: `opened ${key}`, rows: numbers(128), closed: false };
    const id = `s${++lastSession}`;
    sessions.set(id, { close: () => (state.closed = true) });
    try {
      return `session ${lastSession}`;
    } finally {
      sessions.get(id).close();
      sessions.delete(id);
    }
  });

  tool('lookup', 'Looks a key up.', ({ key }) => {
    if (!responses.has(key)) {
      const items = numbers(73).map((item) => ({ item, key }));
      responses.set(key, { body: `about ${key}`.repeat(4), items });
    }
    return responses.get(key).body;
  });

  tool('watch_metric', 'Samples a metric for a moment.', async ({ key }) => {
    const startedAt = Date.now();
    const watch = setInterval(() => samples.push({ key, afterMs: Date.now() - startedAt }), 1);
    try {
      await new Promise((resolve) => {
        setTimeout(resolve, 3);
      });
      return `watched ${key}`;
    } finally {
      clearInterval(watch);
    }
  });
}
