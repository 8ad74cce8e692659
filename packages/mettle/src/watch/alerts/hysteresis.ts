import type { ProbeOutcome } from '../../evidence/index.ts';
import type { WatchedServer } from '../config/config.ts';

const DAY_MS = 86_400_000;
/** As the finding certificate-expiring has it: two weeks, or a fifth of a short life. */
const CERTIFICATE_DAYS = 14;
const CERTIFICATE_SHARE = 0.2;

export type AlertKind = 'down' | 'slow' | 'tools-changed' | 'certificate-expiring';
/** What a look changed: an incident begins, or ends, or something is told once. */
export interface Turn {
  readonly kind: AlertKind;
  readonly turn: 'begins' | 'ends' | 'told';
  readonly sentence: string;
}

/** What the hysteresis of one server, seen from one region, must remember over a restart. */
export interface RegionState {
  readonly down: boolean;
  readonly failuresInRow: number;
  readonly successesInRow: number;
  readonly slow: boolean;
  readonly slowInRow: number;
  readonly certificateWarned: string | null;
  readonly digest: string | null;
  readonly era: '2025' | '2026' | null;
}

export const FIRST_STATE: RegionState = {
  down: false,
  failuresInRow: 0,
  successesInRow: 0,
  slow: false,
  slowInRow: 0,
  certificateWarned: null,
  digest: null,
  era: null,
};

type Rules = Pick<WatchedServer, 'failures' | 'recoveries' | 'latencyBudgetMs' | 'certificateDays'>;

/** The state after a look as one region sees it, and what the look changed there: pure. */
export function judge(
  state: RegionState,
  outcome: ProbeOutcome,
  rules: Rules,
): { readonly state: RegionState; readonly turns: readonly Turn[] } {
  const availability = judgeAvailability(state, outcome, rules);
  const latency = judgeLatency(state, outcome, rules);
  const certificate = judgeCertificate(state, outcome, rules);
  const turns = [...availability.turns, ...latency.turns, ...certificate.turns];
  return {
    state: {
      ...availability.state,
      ...latency.state,
      ...certificate.state,
      digest: outcome.tools?.digest ?? state.digest,
      era: outcome.era ?? state.era,
    },
    turns,
  };
}

/** Whether no client gets anywhere: also when what the watcher was given to log in with is refused. */
function isFailing({ status, authorisation }: ProbeOutcome): boolean {
  return status === 'down' || authorisation?.credentialsRefused === true;
}

function judgeAvailability(
  state: RegionState,
  outcome: ProbeOutcome,
  { failures, recoveries }: Rules,
): {
  readonly state: Pick<RegionState, 'down' | 'failuresInRow' | 'successesInRow'>;
  readonly turns: readonly Turn[];
} {
  if (isFailing(outcome)) {
    const failuresInRow = state.failuresInRow + 1;
    const begins = !state.down && failuresInRow >= failures;
    return {
      state: { down: state.down || begins, failuresInRow, successesInRow: 0 },
      turns: begins ? [{ kind: 'down', turn: 'begins', sentence: outcome.sentence }] : [],
    };
  }
  const successesInRow = state.successesInRow + 1;
  const ends = state.down && successesInRow >= recoveries;
  return {
    state: { down: state.down && !ends, failuresInRow: 0, successesInRow },
    turns: ends ? [{ kind: 'down', turn: 'ends', sentence: outcome.sentence }] : [],
  };
}

function judgeLatency(
  state: RegionState,
  outcome: ProbeOutcome,
  { failures, recoveries, latencyBudgetMs }: Rules,
): { readonly state: Pick<RegionState, 'slow' | 'slowInRow'>; readonly turns: readonly Turn[] } {
  const { slow, slowInRow } = state;
  if (latencyBudgetMs === null || outcome.status !== 'up') return { state: { slow, slowInRow }, turns: [] };
  const shown = `A look took ${Math.round(outcome.durationMs).toString()} ms; the budget is ${latencyBudgetMs.toString()} ms.`;
  // Above nought the slow looks in a row, below it the fast ones.
  const row = outcome.durationMs > latencyBudgetMs ? Math.max(0, slowInRow) + 1 : Math.min(0, slowInRow) - 1;
  if (!slow && row >= failures)
    return {
      state: { slow: true, slowInRow: row },
      turns: [{ kind: 'slow', turn: 'begins', sentence: shown }],
    };
  if (slow && -row >= recoveries)
    return {
      state: { slow: false, slowInRow: row },
      turns: [{ kind: 'slow', turn: 'ends', sentence: shown }],
    };
  return { state: { slow, slowInRow: row }, turns: [] };
}

function judgeCertificate(
  { certificateWarned }: RegionState,
  { certificate, startedAt, failedPhase }: ProbeOutcome,
  { certificateDays }: Rules,
): { readonly state: Pick<RegionState, 'certificateWarned'>; readonly turns: readonly Turn[] } {
  if (certificate === null || failedPhase === 'tls') return { state: { certificateWarned }, turns: [] };
  const first = certificate.chain.find(({ validTo }) => validTo === certificate.validTo);
  const lifeDays =
    first === undefined ? Infinity : (Date.parse(first.validTo) - Date.parse(first.validFrom)) / DAY_MS;
  const leftDays = (Date.parse(certificate.validTo) - Date.parse(startedAt)) / DAY_MS;
  const bar = certificateDays ?? Math.min(CERTIFICATE_DAYS, lifeDays * CERTIFICATE_SHARE);
  if (leftDays >= bar)
    return {
      state: { certificateWarned: null },
      turns:
        certificateWarned === null
          ? []
          : [
              {
                kind: 'certificate-expiring',
                turn: 'ends',
                sentence: `The certificate is valid until ${certificate.validTo.slice(0, 10)}.`,
              },
            ],
    };
  if (certificateWarned === certificate.fingerprint256) return { state: { certificateWarned }, turns: [] };
  const sentence = `The TLS certificate expires on ${certificate.validTo.slice(0, 10)}, in ${String(Math.floor(leftDays))} days.`;
  // Another certificate that expires soon as well is the same incident.
  return {
    state: { certificateWarned: certificate.fingerprint256 },
    turns: certificateWarned === null ? [{ kind: 'certificate-expiring', turn: 'begins', sentence }] : [],
  };
}
