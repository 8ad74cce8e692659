import type { ChildProcess } from 'node:child_process';
import { silently } from '../silently.ts';
import { partyOf } from './arrivals.ts';
import { holdEvents, knownAs } from './held-events.ts';
import { held } from './held-steps.ts';
import { currentLane } from './lane.ts';
import { awaitFrom } from './quiescence.ts';
import { callSite } from './sites.ts';
import { watchStreams } from './sockets.ts';
import { noteStep } from './trial.ts';
import { wrap } from './wrapping.ts';

/*
 * Child processes run by themselves; what they tell this one is held, in order for each.
 */

/** Those of which something is awaited: that they end, or answer. */
const waiting = new Set<ChildProcess>();
/** What is to be told when a child has ended: its output may still be on its way. */
const exits = new WeakMap<object, () => void>();
/** Starting takes half a second on a busy machine. */
const PATIENCE_MS = 3_000;

/** Wraps them. */
export function controlChildren(): void {
  awaitFrom({
    name: 'a child process',
    patienceMs: PATIENCE_MS,
    awaited: () => [...waiting].filter((child) => !waitsForInput(child)).length,
    giveUp: () => waiting.clear(),
  });
  const { ChildProcess } = process.getBuiltinModule('node:child_process');
  wrap(
    ChildProcess.prototype,
    'spawn',
    (original) =>
      function spawn(...args) {
        const result = original.apply(this, args);
        silently(() => started(this as ChildProcess, args[0] as { file?: string }));
        return result;
      },
  );
  holdEvents(ChildProcess.prototype, {
    tag: 'child',
    names: ['exit', 'close', 'error', 'message'],
    fromThread: false,
    happened(emitter, event) {
      const child = emitter as ChildProcess;
      if (event === 'exit') exits.get(child)?.();
      else if (event !== 'close') waiting.delete(child);
      return undefined;
    },
  });
}

/** What it is to read is a step that was not taken yet: until then it is the child that waits. */
function waitsForInput({ stdin }: ChildProcess): boolean {
  return stdin !== null && stdin.writableLength > 0 && !stdin.destroyed;
}

function started(child: ChildProcess, { file }: { file?: string }): void {
  const party = partyOf(currentLane());
  knownAs(child, { party, queue: {} });
  const outputs = [child.stdout, child.stderr].filter((stream) => stream !== null);
  let open = outputs.length + 1;
  const ended = (): void => {
    if (--open === 0) waiting.delete(child);
  };
  exits.set(child, ended);
  const inputs = child.stdin === null ? [] : [child.stdin];
  watchStreams([...outputs, ...inputs], party, `process ${file ?? ''}`, ended);
  if (!held.on) return;
  waiting.add(child);
  noteStep({
    kind: 'child.spawn',
    resource: null,
    writes: false,
    detail: file ?? '',
    site: callSite(),
  });
}
