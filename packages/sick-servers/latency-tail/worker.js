import { parentPort } from 'node:worker_threads';
import { buildReport } from './report.js';

parentPort.on('message', ({ id, message }) => {
  parentPort.postMessage({ id, answer: buildReport(message.year, message.currency) });
});
