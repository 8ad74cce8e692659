import { requireNumber } from '../errors.ts';
import type { GuardOptions } from '../limit/guard.ts';
import type { Tracing } from '../metrics/opentelemetry.ts';
import type { AuthInfo } from './era.ts';

/** What `harden()` is to hold; every field has a default that suits a server nobody has measured yet. */
export interface PolicyOptions {
  /** Calls at once, all tools together; 200 by default. The guard lowers it while the event loop is late. */
  readonly maxConcurrent?: number;
  /**
   * Calls at once of one tool, one prompt, or the resources whose URI starts so: `{ search: 10, 'db://': 2 }`. What is not
   * named gets an adaptive limit of its own.
   */
  readonly limits?: Readonly<Record<string, number>>;
  /** Least, first and most of the adaptive limits (4, 20, 200 by default), or false for none. */
  readonly adaptive?: { readonly min?: number; readonly initial?: number; readonly max?: number } | false;
  /** Calls at once of one session; no bound by default, for the queue already takes turns. */
  readonly maxPerSession?: number;
  /** Calls at once of one authenticated principal; no bound by default. */
  readonly maxPerPrincipal?: number;
  /** Calls that may wait, all tools together; 64 by default. */
  readonly maxQueued?: number;
  /** How long a call may wait; 1,000 ms by default. */
  readonly queueTimeoutMs?: number;
  /** How long a call may take before it is answered with an error and its signal aborts; ten minutes by default. */
  readonly callTimeoutMs?: number;
  /**
   * How long a cancelled call keeps its place while its handler goes on; 5,000 ms by default. After it the place is given
   * to the next: a handler that ignores its signal and never answers must not hold it for good.
   */
  readonly cancelGraceMs?: number;
  /** Methods that are limited; the others are only counted. */
  readonly methods?: readonly string[];
  /** Event loop and memory of the whole process, or false for no guard. */
  readonly guard?: GuardOptions | false;
  /** Which principal a call belongs to; by default the `sub` or `userId` of the token, else its client id. */
  readonly principalOf?: (auth: AuthInfo) => string | undefined;
  /** Offers `mettle://health` as a resource to whoever may read resources; not by default, for it shows traffic. */
  readonly health?: boolean;
  /** Puts a span around each limited call: `openTelemetry(api)` of @mettle/runtime/metrics. */
  readonly tracing?: Tracing;
}

/** Options with nothing left open. */
export interface FilledOptions {
  readonly maxConcurrent: number;
  readonly limits: Readonly<Record<string, number>>;
  readonly adaptive: { readonly min?: number; readonly initial?: number; readonly max?: number } | false;
  readonly maxPerSession: number | undefined;
  readonly maxPerPrincipal: number | undefined;
  readonly maxQueued: number;
  readonly queueTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly cancelGraceMs: number;
  readonly methods: ReadonlySet<string>;
  readonly guard: GuardOptions | false;
  readonly principalOf: ((auth: AuthInfo) => string | undefined) | undefined;
  readonly health: boolean;
  readonly tracing: Tracing | undefined;
}

/** Methods that run the server's own code. */
const LIMITED = ['tools/call', 'resources/read', 'prompts/get', 'completion/complete'];
/** Whoever queues these makes a busy server look dead. */
const NEVER_QUEUED = ['ping', 'initialize', 'server/discover'];
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Fills in the defaults; refuses what cannot be meant. */
export function filled(options: PolicyOptions): FilledOptions {
  const time = (name: 'queueTimeoutMs' | 'callTimeoutMs' | 'cancelGraceMs', byDefault: number): number =>
    requireNumber(name, options[name] ?? byDefault, 0, LONGEST_TIMER_MS);
  const optional = (name: 'maxPerSession' | 'maxPerPrincipal'): number | undefined => {
    const value = options[name];
    return value === undefined ? undefined : requireNumber(name, value, 1);
  };
  for (const [name, limit] of Object.entries(options.limits ?? {}))
    requireNumber(`limits[${name}]`, limit, 1);
  return {
    maxConcurrent: requireNumber('maxConcurrent', options.maxConcurrent ?? 200, 1),
    limits: options.limits ?? {},
    adaptive: options.adaptive ?? {},
    maxPerSession: optional('maxPerSession'),
    maxPerPrincipal: optional('maxPerPrincipal'),
    maxQueued: requireNumber('maxQueued', options.maxQueued ?? 64, 0),
    queueTimeoutMs: time('queueTimeoutMs', 1000),
    callTimeoutMs: time('callTimeoutMs', 600_000),
    cancelGraceMs: time('cancelGraceMs', 5000),
    methods: new Set((options.methods ?? LIMITED).filter((method) => !NEVER_QUEUED.includes(method))),
    guard: options.guard ?? {},
    principalOf: options.principalOf,
    health: options.health ?? false,
    tracing: options.tracing,
  };
}
