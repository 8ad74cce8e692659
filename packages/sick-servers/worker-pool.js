import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** One worker per core, made once; `run` hands them messages in turn and resolves with the answer. */
export function createWorkerPool(script) {
  const answers = new Map();
  const workers = Array.from({ length: availableParallelism() }, () => {
    const worker = new Worker(script);
    worker.on('message', ({ id, answer }) => {
      answers.get(id)(answer);
      answers.delete(id);
    });
    return worker;
  });
  let lastId = 0;
  return {
    run(message) {
      const id = ++lastId;
      return new Promise((resolve) => {
        answers.set(id, resolve);
        workers[id % workers.length].postMessage({ id, message });
      });
    },
  };
}
