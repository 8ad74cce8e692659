import { setTimeout as pause } from 'node:timers/promises';
import type { BlockingEvidence } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import type { Reply, Session } from '../../session/session.ts';
import { difference, LatencyTally } from '../latency-tally.ts';
import type { LoadContext } from '../load.ts';
import { eventsOf, ReplayLanes, ReplayLog } from '../replay/lanes.ts';
import type { DueCall } from '../replay/lanes.ts';
import type { ReplaySchedule } from '../replay/schedule.ts';
import type { MixedResult } from './mixed.ts';

export interface ReplayedOptions {
  readonly schedule: ReplaySchedule;
  /** Opens a session of the recording, by its number; rejects when the server cannot be reached. */
  readonly open: (session: number) => Promise<Session>;
  readonly close: (session: number, opened: Session) => void;
  readonly now?: () => number;
  /** Resolves after so many ms, or when aborted. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}
export interface ReplayedResult extends MixedResult {
  readonly log: ReplayLog;
}

const MAX_CALLS_KEPT = 20_000;
const STEP_MS = 200;
/** A server that loses so many calls one after the other is gone, even if its process is not ours to see. */
const LOST_FOR_GOOD = 24;

/**
 * The calls of a recording in their order, with their pauses and what ran together: in place of a mix. Each call's time
 * counts from when it is sent.
 */
export async function runReplayed(
  context: LoadContext,
  { schedule, open, close, now = monotonicMs, wait = waitFor }: ReplayedOptions,
): Promise<ReplayedResult> {
  const { calls, durationMs } = schedule;
  const run = new ReplayRun(context, now);
  const log = new ReplayLog(calls.length);
  const startMs = now();
  const stopped = new AbortController();
  let lanes: ReplayLanes<Session> | undefined;
  const finished = new Promise<void>((resolve) => {
    lanes = new ReplayLanes<Session>({
      schedule,
      log,
      open,
      close,
      now,
      make: (due, ended) => void run.make(due).then(ended),
      finished: () => {
        stopped.abort();
        resolve();
      },
    });
  });
  const signal = AbortSignal.any([context.signal, stopped.signal]);
  for (const { atMs, session, call } of eventsOf(schedule)) {
    // In steps, so that a server that died is not waited for, and progress is told in pauses, too.
    for (let leftMs = startMs + atMs - now(); leftMs > 0 && run.goesOn(); leftMs = startMs + atMs - now()) {
      await wait(Math.min(leftMs, STEP_MS), signal);
      run.tellProgress(Math.min(1, (now() - startMs) / Math.max(1, durationMs)));
    }
    if (!run.goesOn()) break;
    if (call === null) lanes?.open(session);
    else lanes?.due(call, startMs + atMs, now());
  }
  if (run.goesOn()) lanes?.allDue();
  else lanes?.stop();
  await finished;
  const count = Math.max(1, calls.length);
  const shares = new Map<string, number>();
  for (const { subject } of calls) shares.set(subject.name, (shares.get(subject.name) ?? 0) + 1 / count);
  return {
    evidence: {
      inFlight: log.mostUnderWay,
      durationMs: now() - startMs,
      weights: Object.fromEntries(shares),
      subjects: run.records(),
    },
    calls: run.calls,
    log,
  };
}

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}

class ReplayRun {
  readonly calls: BlockingEvidence['driverCalls'][number][] = [];
  readonly #context: LoadContext;
  readonly #now: () => number;
  readonly #tallies = new Map<string, LatencyTally>();
  #total = 0;
  #lost = 0;

  constructor(context: LoadContext, now: () => number) {
    this.#context = context;
    this.#now = now;
  }

  /** How it ended, as a recorder would put it. */
  async make({ call, client, fault }: DueCall<Session>): Promise<string> {
    const { clock, signal, callTimeoutMs } = this.#context;
    const { method, params } = call.request;
    const before = clock.mainThread();
    const reply: Reply =
      client === null
        ? { outcome: 'lost', message: fault ?? 'no session', sentAtMs: this.#now(), latencyMs: 0, bytes: 0 }
        : await client.request(method, params, { timeoutMs: callTimeoutMs, signal });
    if (!signal.aborted) {
      // The clock is that of one process; over stdio other sessions have others.
      const own = client === this.#context.session;
      const after = clock.mainThread();
      this.#keep(call.subject, reply, own ? difference(before?.hostDelayMs, after?.hostDelayMs) : null);
    }
    return endOf(reply);
  }

  goesOn(): boolean {
    const { signal, session } = this.#context;
    return !signal.aborted && (session.process?.exit ?? null) === null && this.#lost < LOST_FOR_GOOD;
  }

  tellProgress(done: number): void {
    this.#context.onProgress({ subject: null, done, calls: this.#total });
  }

  records(): ReturnType<LatencyTally['result']>[] {
    return [...this.#tallies.values()].map((tally) => tally.result());
  }

  #keep(subject: LatencyTally['subject'], reply: Reply, hostDelayMs: number | null): void {
    this.#total++;
    this.#lost = reply.outcome === 'lost' ? this.#lost + 1 : 0;
    const tally = this.#tallies.get(subject.name) ?? new LatencyTally(subject);
    this.#tallies.set(subject.name, tally);
    const ok = tally.record(reply, hostDelayMs);
    if (this.calls.length < MAX_CALLS_KEPT)
      this.calls.push({
        subject: subject.name,
        sentAtMs: reply.sentAtMs,
        receivedAtMs: reply.sentAtMs + reply.latencyMs,
        ok,
      });
  }
}

function endOf(reply: Reply): string {
  switch (reply.outcome) {
    case 'result':
      return reply.result['isError'] === true ? 'tool-error' : 'success';
    case 'error':
      return 'protocol-error';
    case 'timeout':
      return 'timeout';
    case 'lost':
      return 'connection';
  }
}
