import { causesOf, type CauseCost } from '../derive/causes/costs.ts';
import type { Cause } from '../derive/causes/signatures.ts';
import { formatPlace } from '../derive/index.ts';
import type { Detector, DetectorInput, Exhibit, Finding } from '../evidence/index.ts';
import { median } from '../stats/order.ts';
import { effectOnOthers } from './effect-on-others.ts';
import { count, figure, ms, percent, plural, quoted } from './figures.ts';
import { askedFor, makeFinding, verifyCommand } from './finding.ts';
import { recurs, severityOfDelay } from './judgement.ts';

/**
 * A call that keeps the main thread for 5 ms is felt by whoever calls beside it: 200 of them a second are all that one
 * thread can serve. Ordinary validation, small JSON and a small file stay below a tenth of that.
 */
const COSTLY_MS = 5;
/** One sample may stand for a pause of the sampler itself; two within one call seldom do. */
const SAMPLES_PER_CALL = 2;
/** In fewer calls it is a cache that expired or a machine that stalled, not what a call costs. */
const COSTLY_SHARE = 0.1;
/** A cheaper tool is judged too when one thing makes up most of what it does: that is what there is to mend. */
const MAIN_PART = 0.5;
const MAIN_PART_MS = 2;
const MAIN_PART_CALLS = 5;
/** Time in code whose text says nothing is worth a word from here on. */
const UNREAD_SHARE = 0.1;

type Needs = 'blocking' | 'cpuProfile' | 'target';
type Input = DetectorInput<Needs>;

/** A named cause of lost main-thread time: how it is told and what to do about it. */
export interface CauseKind {
  readonly id: Cause;
  /** Also needs the source's text: nothing of it has a frame of its own. */
  readonly bySource?: true;
  /** Waits rather than computes: its cost is time blocked, not CPU. */
  readonly waits?: true;
  /** Comes every few calls, at the expense of all: the mean over the calls counts. */
  readonly irregular?: true;
  /** What the calls do, after "spends 52 ms": "in JSON.parse". */
  doing(cost: CauseCost): string;
  /** What to change, and whether a worker thread would help. */
  fix(cost: CauseCost): string;
  /** What else must hold; by default nothing. */
  holds?(cost: CauseCost): boolean;
}

/** The detector of one named cause. All of them share one reading of the profile, and the rule from when on it counts. */
export function causeDetector(kind: CauseKind): Detector<Needs | 'sources'> | Detector<Needs> {
  const needs: readonly Needs[] = ['blocking', 'cpuProfile', 'target'];
  const judging = {
    id: kind.id,
    check: 'cpu' as const,
    mayUse: ['sources', 'latency', 'mixedLatency', 'exercise'] as const,
    detect: (evidence: Input) =>
      causesOf(evidence)
        // slow-tools-list has its own finding.
        .costs.filter(
          (cost) => cost.cause === kind.id && cost.subject !== 'tools/list' && kind.holds?.(cost) !== false,
        )
        .flatMap((cost) => {
          const judgement = judge(kind, cost);
          return judgement === null ? [] : [findingOf(kind, evidence, cost, judgement)];
        }),
    looked: (evidence: Input) => looked(evidence),
  };
  return kind.bySource === true
    ? { ...judging, needs: [...needs, 'sources'] as const }
    : { ...judging, needs };
}

/** From when on it counts, and what a call then typically costs; null when it does not. */
interface Judgement {
  readonly typicalMs: number;
  /** In how many calls it costs that. */
  readonly calls: number;
}

function judge(kind: CauseKind, cost: CauseCost): Judgement | null {
  const { calls, perCall, share, totalMs } = cost;
  const seen = perCall.filter(({ samples }) => samples >= SAMPLES_PER_CALL);
  if (kind.irregular === true) {
    const meanMs = totalMs / Math.max(1, calls);
    return meanMs >= COSTLY_MS && recurs(seen.length, calls) ? { typicalMs: meanMs, calls } : null;
  }
  const costly = seen.filter(({ costMs }) => costMs >= COSTLY_MS).map(({ costMs }) => costMs);
  if (recurs(costly.length, calls) && costly.length >= COSTLY_SHARE * calls)
    return { typicalMs: median(costly), calls: costly.length };
  if (calls < MAIN_PART_CALLS || perCall.length * 2 < calls || share < MAIN_PART) return null;
  const typicalMs = median(perCall.map(({ costMs }) => costMs));
  return typicalMs >= MAIN_PART_MS ? { typicalMs, calls: perCall.length } : null;
}

function findingOf(
  kind: CauseKind,
  evidence: Input,
  cost: CauseCost,
  { typicalMs, calls: costly }: Judgement,
): Finding {
  const { subject, calls, location, share } = cost;
  const where = location === undefined ? '' : `, at ${formatPlace(location, evidence.target.cwd)}`;
  const often = costly < 0.9 * calls ? ` in ${count(costly)} of ${plural(calls, 'call')}` : ' per call';
  const certain = cost.certain && evidence.blocking.cpuClock !== 'process';
  return makeFinding({
    id: kind.id,
    tool: subject,
    location,
    variant: kind.id === 'regex-backtracking' ? (cost.whats[0] ?? '') : '',
    severity: severityOfDelay(typicalMs, costly / Math.max(calls, 1)),
    confidence: certain ? 'measured' : 'suspected',
    title: `${quoted(subject)} spends ${ms(typicalMs)}${often} (${percent(Math.min(1, share))} of its time on the main thread) ${kind.doing(cost)}${where}`,
    evidence: exhibits(evidence, cost, typicalMs),
    cost: { value: figure(typicalMs), unit: kind.waits === true ? 'ms blocked' : 'ms CPU', per: 'call' },
    fix: kind.fix(cost),
    verify: {
      command: verifyCommand(kind.id, evidence.target, askedFor(subject, evidence.exercise)),
      expect: `exit code 0: a call of ${quoted(subject)} no longer spends ${COSTLY_MS} ms so`,
    },
  });
}

function exhibits(evidence: Input, cost: CauseCost, typicalMs: number): readonly Exhibit[] {
  const figures: Exhibit = {
    kind: 'table',
    title: `What it costs (net of the host’s delays; ${cost.subject})`,
    columns: [
      'calls',
      'calls with it',
      'typical ms',
      'dearest ms',
      'of it GC ms',
      'share of the tool’s time',
    ],
    rows: [
      [
        cost.calls,
        cost.perCall.length,
        figure(typicalMs),
        figure(cost.perCall[0]?.costMs ?? 0),
        figure(cost.gcMs),
        percent(Math.min(1, cost.share)),
      ],
    ],
  };
  const stack: readonly Exhibit[] =
    cost.stack.length === 0
      ? []
      : [{ kind: 'stack', title: 'Where most of it is spent', frames: cost.stack }];
  return [figures, ...effectOnOthers(evidence, cost.subject), ...stack];
}

/** All causes look at the same samples: the same clause, so that it is said once. */
function looked(evidence: Input): string {
  const { samples, calls, unreadShare } = causesOf(evidence);
  const unread =
    unreadShare < UNREAD_SHARE
      ? ''
      : ` (${percent(unreadShare)} of the time in code that is generated or could not be read)`;
  return `${count(samples)} samples of the main thread in ${plural(calls, 'call')}: no named cause takes ${COSTLY_MS} ms of a call${unread}`;
}
