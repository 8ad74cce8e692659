import { RuntimeError } from '../errors.ts';
import type { Thrown } from './thread.ts';

/** What a task threw, as an Error again. */
export function rethrown({ name, message, stack, code }: Thrown): Error {
  if (code === 'METTLE_TASK_FAILED') return new RuntimeError('METTLE_TASK_FAILED', message);
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}

/** What became of a task whose thread ended; anything else is left as it is. */
export function inWords(error: unknown, task: string, pool: string): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const message = `${task} of ${pool} needed more memory than its thread may have; raise memoryMiB or give it less at once`;
    return new RuntimeError('METTLE_OUT_OF_MEMORY', message, { cause: error });
  }
  const ended = /^(worker exited with code|Terminating worker thread)/.test(error.message);
  if (!ended) return error;
  const message = `The thread ended before ${task} of ${pool} had answered: ${error.message}`;
  return new RuntimeError('METTLE_WORKER_DIED', message, { cause: error });
}
