import { parentPort } from 'node:worker_threads';
import { recommend } from './recommendations.js';

parentPort.on('message', ({ id, message }) => {
  parentPort.postMessage({ id, answer: recommend(message.customer, message.limit) });
});
