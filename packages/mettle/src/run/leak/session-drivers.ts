import type { TargetSpec } from '../../evidence/index.ts';
import {
  answeredDriver,
  cancelledDriver,
  failedDriver,
  sessionDriver,
  sessionLives,
} from '../../load/index.ts';
import type { CallSource, LeakDriver, Workload } from '../../load/index.ts';
import { monotonicMs, openSession } from '../../session/index.ts';
import type { Session } from '../../session/index.ts';

/** A source whose calls are answered, with how long one takes alone. */
export interface AnsweredSource {
  readonly source: CallSource;
  readonly ms: number;
}

export interface SessionDrivers {
  readonly drivers: readonly { readonly driver: LeakDriver; readonly ms: number }[];
  readonly notCovered: readonly string[];
}

interface SessionSettings {
  readonly session: Session;
  readonly spec: TargetSpec;
  readonly workload: Workload | null;
  readonly signal: AbortSignal;
  readonly callTimeoutMs: number;
}

/** Each life calls so many tools, once each: a session's map may grow only when a certain tool is called in it. */
const MOST_TOOLS = 5;
/** Lives are many; one whose calls take longer would be too long. */
const SLOWEST_CALL_MS = 250;
const TRIAL_MS = 8000;
/** Numbers of arguments that only the calls in sessions' lives have. */
const FIRST_FRESH = 70_000;
const LIST: CallSource = {
  subject: { name: 'tools/list', kind: 'method' },
  weight: 1,
  call: () => ({ method: 'tools/list', params: {} }),
};

/** Sessions have lives of their own over HTTP in the era that has sessions. */
export async function sessionDrivers(
  settings: SessionSettings,
  answered: readonly AnsweredSource[],
): Promise<SessionDrivers> {
  const { session, spec, workload } = settings;
  const wanted = workload?.sessions ?? null;
  if (spec.kind !== 'http' || session.era !== '2025' || wanted?.churn === false)
    return { drivers: [], notCovered: [] };
  const fast = answered.filter(({ ms }) => ms <= SLOWEST_CALL_MS).map(({ source }) => source);
  const chosen = wanted === null ? fast.slice(0, MOST_TOOLS) : repeated(fast, wanted.calls);
  const inLives = await answeredInSession(settings, chosen);
  const notCovered = notInLives(answered, inLives, wanted !== null);
  const manners =
    wanted === null
      ? (['ended', 'abandoned', 'cut-off'] as const)
      : [wanted.end === 'delete' ? ('ended' as const) : ('abandoned' as const)];
  const drivers: { driver: LeakDriver; ms: number }[] = [];
  for (const manner of manners) {
    const driver = lifeDriver(settings, manner, inLives);
    const startedAtMs = monotonicMs();
    const fault = await driver.run('fresh', TRIAL_MS);
    if (fault === null) drivers.push({ driver, ms: monotonicMs() - startedAtMs });
    else notCovered.push(`Sessions that are ${manner}: none could be opened (${fault}).`);
  }
  return { drivers, notCovered };
}

/** As many calls as a workload asks for, in turns. */
function repeated(sources: readonly CallSource[], calls: number): readonly CallSource[] {
  return Array.from(
    { length: sources.length === 0 ? 0 : calls },
    (_, i) => sources[i % sources.length],
  ).filter((source) => source !== undefined);
}

/** Of those, the ones that a session of its own answers: some need what was set up in ours. */
async function answeredInSession(
  settings: SessionSettings,
  sources: readonly CallSource[],
): Promise<readonly CallSource[]> {
  if (sources.length === 0) return [];
  let session: Session;
  try {
    session = await open(settings, TRIAL_MS);
  } catch {
    // Said by the trial of each manner.
    return [];
  }
  const refused = new Set<CallSource>();
  for (const source of new Set(sources)) {
    const fault = await answeredDriver(source, { ...settings, session }).run('fresh', TRIAL_MS);
    if (fault !== null) refused.add(source);
  }
  await session.close();
  return sources.filter((source) => !refused.has(source));
}

function notInLives(
  answered: readonly AnsweredSource[],
  inLives: readonly CallSource[],
  asked: boolean,
): string[] {
  const missing = answered.filter(({ source }) => !inLives.includes(source));
  if (missing.length === 0 || asked) return [];
  const names = missing.map(({ source }) => source.subject.name).join(', ');
  return [`In sessions of their own, of which the life is examined, were not called: ${names}.`];
}

/**
 * The calls of a life: the list of tools, each tool once, and of the first one a call that fails and one that is
 * cancelled, or cut off with the connection.
 */
function lifeDriver(
  settings: SessionSettings,
  manner: 'ended' | 'abandoned' | 'cut-off',
  sources: readonly CallSource[],
): LeakDriver {
  let lives = 0;
  const callsOf = (session: Session): readonly LeakDriver[] => {
    const setting = { ...settings, session };
    const life = FIRST_FRESH + lives++;
    const ofThisLife = sources.map((source) => {
      const { fresh } = source;
      return fresh === undefined ? source : { ...source, fresh: () => fresh(life) };
    });
    const [first] = ofThisLife;
    return [
      answeredDriver(LIST, setting),
      ...ofThisLife.map((source) => answeredDriver(source, setting)),
      ...(first?.readOnly === true ? [failedDriver(first, setting, { mayBeAnswered: true })] : []),
      ...(first === undefined ? [] : [cancelledDriver(first, setting)]),
    ];
  };
  const makes = callsOf(settings.session).map(({ subject: { name, manner: how } }) => ({
    name,
    manner: how,
  }));
  const life = sessionLives({ open: (timeoutMs) => open(settings, timeoutMs), callsOf });
  // And the one by which it begins.
  return sessionDriver(life, manner, { requests: 1 + makes.length, makes });
}

async function open({ spec, signal }: SessionSettings, handshakeTimeoutMs: number): Promise<Session> {
  if (spec.kind !== 'http') throw new TypeError('sessions are opened over HTTP');
  const { session } = await openSession(
    { ...spec, command: null },
    { era: '2025', signal, handshakeTimeoutMs },
  );
  return session;
}
