import type { CallSource } from './load.ts';

const numbers = new WeakMap<CallSource, number>();

/**
 * The source's next call. Numbers go on from phase to phase, so that `{i}` and `{uuid}` of a workload never come twice
 * in a run.
 */
export function nextCall(source: CallSource): ReturnType<CallSource['call']> {
  const i = numbers.get(source) ?? 0;
  numbers.set(source, i + 1);
  return source.call(i);
}
