import type {
  BlockingEvidence,
  CpuProfileEvidence,
  Frame,
  SourceLocation,
  SourcesEvidence,
  TargetEvidence,
} from '../../evidence/index.ts';
import { functionName, homeOf, type Home } from '../frames.ts';
import { memoised } from '../memo.ts';
import { readClaims, type Claim, type ClaimReader } from './claims.ts';
import { changeableSteps, placeOf, stackOf } from './places.ts';
import type { Cause } from './signatures.ts';

/** What one cause costs the calls of one subject, at one place. */
export interface CauseCost {
  readonly cause: Cause;
  readonly subject: string;
  /** What it is called, the costliest first: `JSON.parse`, `pbkdf2Sync`, a pattern. Empty when it has no name. */
  readonly whats: readonly string[];
  /** Whether frames and text leave no doubt that this is the cause. */
  readonly certain: boolean;
  readonly location: SourceLocation | undefined;
  readonly stack: readonly Frame[];
  /** All calls of the subject that were profiled. */
  readonly calls: number;
  /** What it cost in each call in which it was seen, net of the host's delays, and in how many samples; dearest first. */
  readonly perCall: readonly { readonly costMs: number; readonly samples: number }[];
  readonly totalMs: number;
  /** Of that, garbage collection. */
  readonly gcMs: number;
  /** Of the subject's time on the main thread. */
  readonly share: number;
}

export interface CauseEvidence {
  readonly blocking: BlockingEvidence;
  readonly cpuProfile: CpuProfileEvidence;
  readonly target: Pick<TargetEvidence, 'cwd' | 'command'>;
  readonly sources?: SourcesEvidence;
}

export interface Causes {
  readonly costs: readonly CauseCost[];
  readonly samples: number;
  readonly calls: number;
  /** Of the calls' time on the main thread, what was spent on lines whose text was not to be had. */
  readonly unreadShare: number;
}

/** A function with less of a cause's time is not named with it. */
const NAMED_SHARE = 0.1;

/** Every cause that was seen in calls, however cheap, dearest first. */
export const causesOf: (evidence: CauseEvidence) => Causes = memoised((evidence: CauseEvidence) => {
  const { blocking, cpuProfile, sources } = evidence;
  const reader = readClaims(cpuProfile, sources);
  const home = homeOf(evidence.target);
  const tally = sumUp(cpuProfile, reader, home);
  const calls = new Map(blocking.subjects.map((subject) => [subject.name, subject.calls]));
  const costs = [...tally.sums.values()].map((sum) =>
    costOf(sum, {
      reader,
      home,
      sources,
      calls: calls.get(sum.subject) ?? 0,
      subjectUs: tally.subjectUs.get(sum.subject) ?? 0,
    }),
  );
  const allUs = [...tally.subjectUs.values()].reduce((all, us) => all + us, 0);
  return {
    costs: costs.toSorted((a, b) => b.totalMs - a.totalMs),
    samples: tally.samples,
    calls: blocking.subjects.reduce((all, subject) => all + subject.calls, 0),
    unreadShare: allUs === 0 ? 0 : tally.unreadUs / allUs,
  };
});

/** Time that one cause took in one subject's calls at one place. */
interface Sum {
  readonly cause: Cause;
  readonly subject: string;
  readonly perCall: Map<number, { us: number; samples: number }>;
  readonly whats: Map<string, number>;
  readonly weights: Map<Claim, number>;
  totalUs: number;
  uncertainUs: number;
  gcUs: number;
}

interface Tally {
  /** What a claim is summed under, found once for each. */
  readonly keyOf: (claim: Claim) => string;
  readonly sums: Map<string, Sum>;
  readonly subjectUs: Map<string, number>;
  samples: number;
  unreadUs: number;
}

function sumUp(evidence: CpuProfileEvidence, reader: ClaimReader, home: Home): Tally {
  const { profile, subjects, sampleSubjects, sampleCalls = [], sampleNetUs = [] } = evidence;
  const tally: Tally = {
    keyOf: memoised((claim: Claim) => [claim.cause, ...whichOf(claim, home)].join('\n\n')),
    sums: new Map(),
    subjectUs: new Map(),
    samples: 0,
    unreadUs: 0,
  };
  /** What ran last in the subject's calls: what it allocated is what the collector clears up after. */
  const last = new Map<string, number>();
  profile.samples.forEach((node, i) => {
    const subject = subjects[sampleSubjects[i] ?? 0] ?? '';
    const call = sampleCalls[i] ?? 0;
    if (subject === '' || call === 0) return;
    const us = Math.max(0, sampleNetUs[i] ?? 0);
    tally.samples++;
    tally.subjectUs.set(subject, (tally.subjectUs.get(subject) ?? 0) + us);
    const collecting = reader.isCollection(node);
    if (!collecting) {
      tally.unreadUs += us * reader.unreadShare(node);
      last.set(subject, node);
    }
    const ran = last.get(subject);
    if (ran !== undefined) book(tally, reader, { subject, call, node: ran, us, collecting });
  });
  return tally;
}

interface Booking {
  readonly subject: string;
  readonly call: number;
  readonly node: number;
  readonly us: number;
  readonly collecting: boolean;
}

function book(
  { sums, keyOf }: Tally,
  reader: ClaimReader,
  { subject, call, node, us, collecting }: Booking,
): void {
  const found = reader.claimsOf(node);
  for (const claim of found.length > 0 || !collecting ? found : [reader.collectionOf(node)]) {
    const key = `${subject}\n\n${keyOf(claim)}`;
    const claimedUs = us * claim.share;
    let sum = sums.get(key);
    if (sum === undefined) {
      sum = {
        cause: claim.cause,
        subject,
        perCall: new Map(),
        whats: new Map(),
        weights: new Map(),
        totalUs: 0,
        uncertainUs: 0,
        gcUs: 0,
      };
      sums.set(key, sum);
    }
    const inCall = sum.perCall.get(call) ?? { us: 0, samples: 0 };
    sum.perCall.set(call, { us: inCall.us + claimedUs, samples: inCall.samples + 1 });
    sum.whats.set(claim.what, (sum.whats.get(claim.what) ?? 0) + claimedUs);
    sum.weights.set(claim, (sum.weights.get(claim) ?? 0) + claimedUs);
    sum.totalUs += claimedUs;
    if (!claim.certain) sum.uncertainUs += claimedUs;
    if (collecting) sum.gcUs += claimedUs;
  }
}

/** What tells apart two causes of one kind in one subject: the function, and for patterns which one. */
function whichOf({ cause, what, callers }: Claim, home: Home): readonly string[] {
  // A schema's parts are made in many functions, by its nature; a module is loaded in many steps, some of which nobody
  // called; the collector comes when it comes.
  if (cause === 'schema-compiled-per-call') return [what];
  if (cause === 'gc-pressure' || cause === 'module-loaded-per-call') return [];
  const place = changeableSteps(callers, home)[0]?.functionKey ?? '';
  return cause === 'regex-backtracking' ? [place, what] : [place];
}

interface CostSetting {
  readonly reader: ClaimReader;
  readonly home: Home;
  readonly sources: SourcesEvidence | undefined;
  readonly calls: number;
  readonly subjectUs: number;
}

function costOf(sum: Sum, { reader, home, sources, calls, subjectUs }: CostSetting): CauseCost {
  const frame = placeOf(sum.weights, home, sources);
  const name = frame === undefined ? undefined : functionName(frame);
  return {
    cause: sum.cause,
    subject: sum.subject,
    whats: [...sum.whats]
      .filter(([what, us]) => what !== '' && us >= NAMED_SHARE * sum.totalUs)
      .toSorted((a, b) => b[1] - a[1])
      .map(([what]) => what),
    certain: sum.uncertainUs * 2 < sum.totalUs,
    location:
      frame === undefined
        ? undefined
        : {
            file: frame.file,
            line: frame.line,
            ...(frame.column > 0 ? { column: frame.column } : {}),
            ...(name === undefined ? {} : { function: name }),
          },
    stack: stackOf(sum.weights, ({ node }) => reader.pathOf(node), frame),
    calls,
    perCall: [...sum.perCall.values()]
      .map(({ us, samples }) => ({ costMs: us / 1000, samples }))
      .toSorted((a, b) => b.costMs - a.costMs),
    totalMs: sum.totalUs / 1000,
    gcMs: sum.gcUs / 1000,
    share: subjectUs === 0 ? 0 : sum.totalUs / subjectUs,
  };
}
