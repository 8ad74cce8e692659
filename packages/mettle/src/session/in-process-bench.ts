import { createInterface } from 'node:readline';
import { TargetError } from './session.ts';
import { StartedProcess } from './started-process.ts';
import { targetEnvironment } from './target-environment.ts';
import { moduleCommand, moduleWords } from './open-module.ts';
import {
  RESULT_MARK,
  type InProcessLine,
  type InProcessPlan,
  type InProcessSubject,
} from './module-bench-protocol.ts';
import type { TargetSpec } from '../evidence/index.ts';

export type { InProcessPlan, InProcessSubject } from './module-bench-protocol.ts';

/** What a benchmark in process brought back. */
export interface InProcessRun {
  readonly node: string;
  readonly jsonWithin: boolean;
  readonly fault: string | null;
  readonly subjects: readonly InProcessSubject[];
}

/**
 * Has a process of its own import the module and call its server in memory. Resolves with what was measured, also when
 * that process dies on the way; throws TargetError or UsageError when the module gives no server.
 */
export async function benchInProcess(
  spec: Extract<TargetSpec, { readonly kind: 'module' }>,
  plan: InProcessPlan,
  options: {
    readonly signal: AbortSignal;
    readonly onProgress: (subject: string, calls: number, subjectsDone: number) => void;
  },
): Promise<InProcessRun> {
  const started = await StartedProcess.start({
    command: moduleCommand(spec, 'module-bench-host'),
    cwd: spec.cwd,
    env: targetEnvironment(spec.env),
  });
  const subjects: InProcessSubject[] = [];
  let ready: { readonly node: string; readonly jsonWithin: boolean } | null = null;
  let fault: string | null = null;
  let done = false;
  const stop = (): void => void started.stop(0);
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    started.stdin.write(`${JSON.stringify(plan)}\n`);
    for await (const text of createInterface({ input: started.stdout, crlfDelay: Infinity })) {
      if (!text.startsWith(RESULT_MARK)) continue;
      const line = JSON.parse(text.slice(RESULT_MARK.length)) as InProcessLine;
      if (line.kind === 'ready') ready = line;
      else if (line.kind === 'progress') options.onProgress(line.subject, line.calls, subjects.length);
      else if (line.kind === 'subject') subjects.push(line.subject);
      else if (line.kind === 'fault') fault = line.message;
      else done = true;
    }
    const { code, signal } = await started.exited;
    if (ready === null && !options.signal.aborted) throw unreachable(started.stderrTail());
    if (!done && fault === null && !options.signal.aborted)
      fault = `the process ended before every subject was timed (${signal === null ? `exit code ${String(code)}` : `signal ${signal}`})${lastOf(started.stderrTail())}`;
    return { node: ready?.node ?? process.version, jsonWithin: ready?.jsonWithin ?? false, fault, subjects };
  } finally {
    options.signal.removeEventListener('abort', stop);
    await started.stop(0);
  }
}

function unreachable(stderrTail: readonly string[]): Error {
  const message = `The module could not be served${lastOf(stderrTail)}.`;
  const failed = { phase: 'spawn' as const, message, stderrTail };
  return moduleWords(new TargetError(message, 'spawn', { phases: [], failed }));
}

function lastOf(stderrTail: readonly string[]): string {
  const last = stderrTail.at(-1);
  return last === undefined ? '' : `; its last line on stderr: ${last}`;
}
