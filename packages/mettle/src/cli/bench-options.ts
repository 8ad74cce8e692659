import { UsageError } from '../evidence/index.ts';
import type { LoadShape, TargetSpec } from '../evidence/index.ts';
import type { BenchSettings } from '../run/index.ts';
import { COMPARE_OPTIONS } from './compare-options.ts';
import { numberOf } from './options.ts';
import type { ExtraOptions, ExtraValues } from './options.ts';
import { REPLAY_OPTIONS } from './replay-options.ts';
import { timeOf } from './time-option.ts';

/** What `mettle bench` takes besides the usual options. */
export const BENCH_OPTIONS: ExtraOptions = {
  duration: { type: 'string' },
  'warm-up': { type: 'string' },
  connections: { type: 'string' },
  'in-flight': { type: 'string' },
  'think-time': { type: 'string' },
  rate: { type: 'string' },
  ramp: { type: 'string' },
  spike: { type: 'string' },
  stages: { type: 'string' },
  soak: { type: 'boolean' },
  arrivals: { type: 'string' },
  timeout: { type: 'string' },
  'find-capacity': { type: 'boolean' },
  'p99-budget': { type: 'string' },
  arguments: { type: 'string' },
  'no-pin': { type: 'boolean' },
  'no-agent': { type: 'boolean' },
  export: { type: 'string', multiple: true },
  ...REPLAY_OPTIONS,
  ...COMPARE_OPTIONS,
};

/** Whether an option says how a load is to be driven, so that a module is not to be timed in process. */
export function asksForLoad(values: ExtraValues): boolean {
  return loadOptionsIn(values).length > 0;
}

/** The options given that say how a load is to be driven: `--connections`, `--duration` … */
export function loadOptionsIn(values: ExtraValues): readonly string[] {
  return Object.keys(BENCH_OPTIONS)
    .filter((name) => !(name in COMPARE_OPTIONS) && values[name] !== undefined)
    .map((name) => `--${name}`);
}

const DEFAULT_DURATION_MS = 10_000;
/** Of a budget; the rest is for reaching the server, warming up and letting calls end. */
const MEASURED_SHARE = 0.7;
/** The same where the knee is looked for as well, and what that search may take. */
const MEASURED_BESIDE_CAPACITY = 0.2;
const CAPACITY_SHARE = 0.5;
const CAPACITY_MS = 60_000;
const SOAK_DURATION_MS = 30 * 60_000;
const DEFAULT_TIMEOUT_MS = 30_000;
/** What a person waits for without noticing (RAIL: 100 ms). */
const DEFAULT_P99_BUDGET_MS = 100;
/** A tool call of one person's agent every ten seconds, where the user does not say. */
const DEFAULT_USER_THINK_TIME_MS = 10_000;
/** Calls under way in all, where the user does not say: enough to keep a server busy, few enough for any. */
const DEFAULT_UNDER_WAY = 4;
/** Of a run, at its beginning and its end, without the spike. */
const SPIKE_EDGE = 0.4;

/** The settings that the options ask for. Throws UsageError for what cannot be, or contradicts itself. */
export function benchSettings(
  values: ExtraValues,
  kind: TargetSpec['kind'],
  budgetSeconds: number | undefined,
): BenchSettings {
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const soak = values['soak'] === true;
  const findCapacity = values['find-capacity'] === true;
  const budgetMs = budgetSeconds === undefined ? null : budgetSeconds * 1000;
  const durationMs =
    timeOf('--duration', text('duration')) ??
    (budgetMs === null ? null : budgetMs * (findCapacity ? MEASURED_BESIDE_CAPACITY : MEASURED_SHARE)) ??
    (soak ? SOAK_DURATION_MS : DEFAULT_DURATION_MS);
  const thinkTimeMs = timeOf('--think-time', text('think-time'), 0);
  if (text('p99-budget') !== undefined && !findCapacity)
    throw new UsageError('--p99-budget is for --find-capacity: give both, or use --fail-on for a threshold.');
  const form = text('arguments') ?? 'schema';
  if (form !== 'schema' && form !== 'adversarial')
    throw new UsageError(`--arguments takes schema or adversarial; "${form}" is neither.`);
  return {
    shape: shapeOf(text, kind, durationMs, thinkTimeMs ?? 0),
    replay: null,
    durationMs,
    warmUpMs: timeOf('--warm-up', text('warm-up'), 0) ?? null,
    callTimeoutMs: timeOf('--timeout', text('timeout')) ?? DEFAULT_TIMEOUT_MS,
    p99BudgetMs: findCapacity ? (timeOf('--p99-budget', text('p99-budget')) ?? DEFAULT_P99_BUDGET_MS) : null,
    capacityMs: budgetMs === null ? CAPACITY_MS : budgetMs * CAPACITY_SHARE,
    thinkTimeMs: thinkTimeMs ?? DEFAULT_USER_THINK_TIME_MS,
    arguments: form,
    pin: values['no-pin'] !== true,
    agent: values['no-agent'] !== true,
  };
}

type Text = (name: string) => string | undefined;

function shapeOf(text: Text, kind: TargetSpec['kind'], durationMs: number, thinkTimeMs: number): LoadShape {
  const wholeNumber = 'a whole number from 1';
  const whole = (n: number): boolean => Number.isSafeInteger(n) && n >= 1;
  const connections = numberOf('--connections', text('connections'), whole, wholeNumber);
  const inFlight = numberOf('--in-flight', text('in-flight'), whole, wholeNumber);
  const stages = stagesOf(text, durationMs);
  if (stages === null) {
    if (text('arrivals') !== undefined)
      throw new UsageError('--arrivals is for an open loop: give a rate as well, such as --rate 100.');
    // Over HTTP a client is a session with connections of its own; on stdio each would be a process.
    const perClient = kind === 'http' ? 1 : DEFAULT_UNDER_WAY;
    return {
      kind: 'closed',
      connections: connections ?? (kind === 'http' ? DEFAULT_UNDER_WAY : 1),
      inFlight: inFlight ?? perClient,
      thinkTimeMs,
    };
  }
  for (const name of ['in-flight', 'think-time'])
    if (text(name) !== undefined)
      throw new UsageError(
        `--${name} is for clients that wait for their answers; with a rate, calls come when the clock says so: leave one of them out.`,
      );
  const arrivals = text('arrivals') ?? 'constant';
  if (arrivals !== 'constant' && arrivals !== 'poisson')
    throw new UsageError(`--arrivals takes constant or poisson; "${arrivals}" is neither.`);
  return {
    kind: 'open',
    connections: connections ?? (kind === 'http' ? DEFAULT_UNDER_WAY : 1),
    arrivals,
    stages,
  };
}

type Stages = Extract<LoadShape, { readonly kind: 'open' }>['stages'];

function stagesOf(text: Text, durationMs: number): Stages | null {
  const given = ['rate', 'ramp', 'stages'].filter((name) => text(name) !== undefined);
  if (given.length > 1)
    throw new UsageError(
      `${given.map((name) => `--${name}`).join(' and ')} say the same in two ways: give one.`,
    );
  const spike = rateOf('--spike', text('spike'));
  const rate = rateOf('--rate', text('rate'));
  if (spike !== undefined) {
    if (rate === undefined)
      throw new UsageError('--spike needs the usual rate beside it, such as --rate 50 --spike 500.');
    const edgeMs = durationMs * SPIKE_EDGE;
    return [level(edgeMs, rate), level(durationMs - 2 * edgeMs, spike), level(edgeMs, rate)];
  }
  if (rate !== undefined) return [level(durationMs, rate)];
  const ramp = text('ramp');
  if (ramp !== undefined) {
    const words = ramp.split('..');
    const [from, to] = words.length === 2 ? words.map((word) => rateOf('--ramp', word)) : [];
    if (from === undefined || to === undefined)
      throw new UsageError(`--ramp takes two rates, such as 10..500; "${ramp}" is none.`);
    return [{ durationMs, fromPerSecond: from, toPerSecond: to }];
  }
  const stages = text('stages');
  return stages === undefined ? null : stages.split(',').map(stageOf);
}

/** `30s:100` holds a rate; `30s:100..200` goes from one to another. */
function stageOf(word: string): Stages[number] {
  const [time, rates, ...more] = word.trim().split(':');
  const [from, to = from, ...others] = (rates ?? '').split('..');
  const durationMs = rates === undefined ? undefined : timeOf('--stages', time);
  if (durationMs === undefined || more.length + others.length > 0)
    throw new UsageError(
      `--stages takes times with rates, such as 10s:50,5s:50..500,10s:500; "${word}" is none.`,
    );
  return {
    durationMs,
    fromPerSecond: rateOf('--stages', from) as number,
    toPerSecond: rateOf('--stages', to) as number,
  };
}

function level(durationMs: number, perSecond: number): Stages[number] {
  return { durationMs, fromPerSecond: perSecond, toPerSecond: perSecond };
}

function rateOf(option: string, text: string | undefined): number | undefined {
  return numberOf(
    option,
    text?.replace(/\/s$/, ''),
    (n) => n > 0 && n <= 1e6,
    'a rate in calls per second, above 0',
  );
}

/** Throws UsageError for an export that cannot be made; whether a k6 script is wanted. */
export function wantsK6Script(values: ExtraValues, kind: TargetSpec['kind']): boolean {
  const names = Array.isArray(values['export']) ? (values['export'] as readonly string[]) : [];
  const unknown = names.find((name) => name !== 'k6');
  if (unknown !== undefined)
    throw new UsageError(`--export writes k6 scripts (--export k6); "${unknown}" is none of its kinds.`);
  if (names.length > 0 && kind !== 'http')
    throw new UsageError(
      '--export k6 is for servers reached over HTTP: k6 speaks nothing else. Give --http URL.',
    );
  return names.length > 0;
}
