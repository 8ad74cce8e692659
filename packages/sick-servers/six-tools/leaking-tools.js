import { EventEmitter } from 'node:events';
import { numbers } from './tool.js';

const updates = new EventEmitter();
updates.setMaxListeners(0);
const sessions = new Map();
const responses = {};
const samples = [];
let lastSession = 0;

/** Four tools that keep something of each call for ever. */
export function registerLeaking(tool) {
  tool('subscribe_updates', 'Tells of updates to a key.', ({ key }) => {
    const seen = numbers(256);
    const onUpdate = (update) => update === key && seen.push(update);
    updates.on('update', onUpdate); // ailment: listener-leak
    return `subscribed to ${key}`;
  });

  tool('open_session', 'Opens a session.', ({ key }) => {
    const state = { key, history: `opened ${key}`, rows: numbers(128), closed: false };
    const close = () => (state.closed = true);
    sessions.set(`s${++lastSession}`, { close }); // ailment: collection-leak
    return `session ${lastSession}`;
  });

  tool('lookup', 'Looks a key up.', ({ key }) => {
    if (responses[key] === undefined) {
      const items = numbers(73).map((item) => ({ item, key }));
      responses[key] = { body: `about ${key}`.repeat(4), items }; // ailment: unbounded-cache
    }
    return responses[key].body;
  });

  tool('watch_metric', 'Samples a metric from now on.', ({ key }) => {
    const startedAt = Date.now();
    const sample = () => samples.push({ key, afterMs: Date.now() - startedAt });
    setInterval(sample, 200).unref(); // ailment: interval-accumulation
    return `watching ${key}`;
  });
}
