// One virtual user: the script's module in a thread of its own, in a world that has what k6's has.
import { parentPort, workerData } from 'node:worker_threads';
import { takeSamples } from './world.mjs';

Object.defineProperty(globalThis, '__ENV', { value: workerData.env });
const { performance } = globalThis;
// k6's runtime is no Node: what it lacks must not be there by chance.
for (const name of [
  'process',
  'Buffer',
  'fetch',
  'URL',
  'URLSearchParams',
  'require',
  'structuredClone',
  'performance',
])
  delete globalThis[name];
const script = await import(workerData.script);

parentPort.on('message', (message) => {
  if (message.do === 'options') {
    parentPort.postMessage({ options: JSON.parse(JSON.stringify(script.options)) });
    return;
  }
  let iterations = 0;
  const untilMs = performance.now() + (message.forMs ?? 0);
  do {
    script.default();
    iterations++;
  } while (performance.now() < untilMs);
  parentPort.postMessage({ samples: takeSamples(), iterations });
});
parentPort.postMessage('ready');
