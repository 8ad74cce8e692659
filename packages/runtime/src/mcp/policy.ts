import { RuntimeError } from '../errors.ts';
import { Gate } from '../limit/gate.ts';
import type { GateCounts } from '../limit/gate.ts';
import { Guard } from '../limit/guard.ts';
import type { Pressure } from '../limit/guard.ts';
import type { Operation } from '../metrics/operations.ts';
import { LiveCalls } from './live-call.ts';
import { filled } from './options.ts';
import type { FilledOptions, PolicyOptions } from './options.ts';
import { BoundsByKey, Targets } from './targets.ts';
import { RunningTasks } from './tasks.ts';

/** State of one protected server, or of all servers that one process makes per session or per request. */
export interface Policy {
  readonly running: number;
  readonly queued: number;
  /** How many servers it protects, or protected since the start when they come and go. */
  readonly servers: number;
  readonly counts: Readonly<GateCounts>;
  /** Handlers that still ran when their place was given to others: ought to be 0. */
  readonly abandoned: number;
  readonly pressure: Readonly<Pressure> | undefined;
  /** Why everything is refused at present, such as `heap`; undefined while nothing is. */
  readonly shedding: string | undefined;
  /** Whether a new request would very likely be refused: asked by HTTP servers before they read a body. */
  readonly overloaded: boolean;
  /** When a refused caller should try again. */
  retryAfterMs(): number;
  /** Counts and durations of every tool, prompt, kind of resource and other method. */
  operations(): { readonly operation: Operation; readonly limit: number; readonly running: number }[];
  /** Refuses what waits and comes, waits until what runs has ended or `drainMs` is over, then gives it up. */
  close(drainMs?: number): Promise<void>;
}

/** The policy as `harden` uses it. */
export class PolicyState implements Policy {
  readonly options: FilledOptions;
  readonly gate: Gate;
  readonly guard: Guard;
  readonly targets: Targets;
  readonly bySession: BoundsByKey;
  readonly byPrincipal: BoundsByKey;
  readonly live: LiveCalls;
  readonly tasks: RunningTasks = new RunningTasks();
  servers = 0;
  closed = false;
  #drained: (() => void) | undefined;

  constructor(options: PolicyOptions) {
    this.options = filled(options);
    this.gate = new Gate(this.options);
    this.guard = new Guard(this.options.maxConcurrent, this.options.guard || {}, () =>
      this.gate.admitWaiting(),
    );
    this.targets = new Targets(this.options);
    this.bySession = new BoundsByKey(this.options.maxPerSession);
    this.byPrincipal = new BoundsByKey(this.options.maxPerPrincipal);
    this.live = new LiveCalls(this.options.callTimeoutMs, this.options.cancelGraceMs);
  }

  get running(): number {
    return this.gate.running;
  }

  get queued(): number {
    return this.gate.queued;
  }

  get counts(): Readonly<GateCounts> {
    return this.gate.counts;
  }

  get abandoned(): number {
    return this.live.abandoned;
  }

  get pressure(): Readonly<Pressure> | undefined {
    return this.options.guard === false ? undefined : this.guard.pressure;
  }

  get shedding(): string | undefined {
    return this.guard.shedding;
  }

  get overloaded(): boolean {
    if (this.closed || this.guard.shedding !== undefined) return true;
    return this.guard.late && this.gate.queued >= this.options.maxQueued;
  }

  retryAfterMs(): number {
    return this.gate.retryAfterMs();
  }

  operations(): { operation: Operation; limit: number; running: number }[] {
    return this.targets
      .all()
      .map(({ operation, bound }) => ({ operation, limit: bound.max, running: operation.running }));
  }

  /** Called after each call: wakes whoever waits for the last one. */
  left(): void {
    if (this.closed && this.gate.running === 0) this.#drained?.();
  }

  async close(drainMs = 10_000): Promise<void> {
    this.closed = true;
    const error = new RuntimeError('METTLE_CLOSED', 'Server is shutting down — retry later');
    this.gate.refuseWaiting(error);
    if (this.gate.running > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        timer = setTimeout(resolve, drainMs);
      });
      clearTimeout(timer);
    }
    this.live.stopAll(error);
    this.live.stopLooking();
    this.guard.stop();
  }
}

/**
 * Makes the state that `harden` protects servers with. Make it once, at module load: servers made per session or per
 * request must share it, or each would have limits of its own, which limit nothing.
 */
export function createPolicy(options: PolicyOptions = {}): Policy {
  return new PolicyState(options);
}
