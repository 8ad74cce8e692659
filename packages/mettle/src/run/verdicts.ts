import { referTailsToCauses, referToCauses } from '../detect/named-causes.ts';
import { CHECKS } from '../evidence/index.ts';
import type {
  Bundle,
  Check,
  Detector,
  EvidenceKey,
  EvidenceMap,
  Examination,
  Finding,
  Severity,
  Verdict,
} from '../evidence/index.ts';
import { CHECKS_OF } from './plan.ts';

const SEVERITY_RANK: Readonly<Record<Severity, number>> = { critical: 0, high: 1, medium: 2, low: 3 };

/** Checks that this version has no detector for, and what is said instead of a verdict. */
const NOT_BUILT: Readonly<Partial<Record<Check, string>>> = {
  regression: 'nothing to compare with: run mettle bench --compare git:main, or --against FILE',
};

/** Evidence that only some runs are asked for, and how. */
const NOT_ASKED_FOR: Readonly<Partial<Record<EvidenceKey, string>>> = {
  comparison: 'nothing to compare with: give --compare git:main, or --against FILE',
  thresholds: "no latency budget was set: give one, such as --fail-on 'p99<50ms'",
};

/** Which of `detectors` could run on the bundle, and one verdict per failure mode. Detectors that throw become `failed`. */
export function judge(bundle: Bundle, detectors: readonly Detector[]): Readonly<Record<Check, Verdict>> {
  const entries = CHECKS.map((check): [Check, Verdict] => {
    const { examination } = bundle.manifest;
    if (!CHECKS_OF[examination].includes(check))
      return [check, { status: 'skipped', why: `not part of mettle ${examination}: run mettle check` }];
    const mine = detectors.filter(
      (detector) =>
        detector.check === check &&
        (detector.examinations ?? [examination]).includes(examination) &&
        !isOtherWay(detector, bundle),
    );
    if (mine.length === 0)
      return [check, { status: 'skipped', why: NOT_BUILT[check] ?? `no detector for ${check}` }];
    return [check, merge(mine.map((detector) => ({ id: detector.id, verdict: run(detector, bundle) })))];
  });
  const checks = Object.fromEntries(entries) as Record<Check, Verdict>;
  return withCauses(checks, bundle.evidence.target?.cwd ?? '');
}

/** `mettle leak` looks in one of two ways, at a server or at two snapshots: what the other would show was not asked for. */
function isOtherWay({ needs }: Detector, { manifest, evidence }: Bundle): boolean {
  if (manifest.examination !== 'leak') return false;
  const other = evidence.heapComparison === undefined ? 'heapComparison' : 'heapGrowth';
  return needs.includes(other);
}

/** Detectors know nothing of each other; which finding names the cause of another is told once all have spoken. */
function withCauses(checks: Record<Check, Verdict>, cwd: string): Record<Check, Verdict> {
  const { cpu, latency } = checks;
  if (cpu.status !== 'found') return checks;
  const tails =
    latency.status === 'found'
      ? { ...latency, findings: referTailsToCauses(latency.findings, cpu.findings, cwd) }
      : latency;
  return { ...checks, cpu: { ...cpu, findings: referToCauses(cpu.findings, cwd) }, latency: tails };
}

/** All findings of the verdicts, worst first. */
export function findingsOf(checks: Readonly<Record<Check, Verdict>>): readonly Finding[] {
  return CHECKS.flatMap((check) => {
    const verdict = checks[check];
    return verdict.status === 'found' ? verdict.findings : [];
  }).toSorted(bySeverity);
}

function bySeverity(a: Finding, b: Finding): number {
  return SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity];
}

function run(judging: Detector, bundle: Bundle): Verdict {
  const detector = { ...judging, ...judging.elsewhere?.[bundle.manifest.examination] };
  const missing = detector.needs.filter((key) => bundle.evidence[key] === undefined);
  if (missing.length > 0) return { status: 'skipped', why: whyMissing(missing, bundle) };
  const evidence = bundle.evidence as EvidenceMap;
  try {
    const nothing = nothingSeen(bundle.manifest.examination, detector.check, evidence);
    const findings = detector.detect(evidence);
    if (findings.length > 0) return { status: 'found', findings };
    const blind = nothing ?? detector.blind?.(evidence) ?? null;
    if (blind !== null) return { status: 'skipped', why: blind };
    return { status: 'clear', looked: detector.looked(evidence) };
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return {
      status: 'failed',
      error: { message: `${detector.id}: ${message}`, ...(stack === undefined ? {} : { stack }) },
    };
  }
}

function nothingSeen(examination: Examination, check: Check, evidence: Partial<EvidenceMap>): string | null {
  if (examination === 'attach') return nothingWatched(evidence);
  // What a benchmark judges it measured itself, and the memory of a server in use is judged by its own detectors.
  return examination === 'bench' || examination === 'attach --memory'
    ? null
    : nothingExercised({ check, examination }, evidence);
}

/** "Clear" must never mean "did not look": with tools listed and none answered, there was nothing to judge. */
function nothingExercised(
  { check, examination }: { readonly check: Check; readonly examination: Examination },
  evidence: Partial<EvidenceMap>,
): string | null {
  if (check === 'protocol' || evidence.exercise === undefined) return null;
  // What is raced is raced on servers of its own: its detectors say themselves what they had no trials of.
  if (check === 'race' || check === 'overload' || examination === 'race') return null;
  if (check === 'leak') return nothingDriven(evidence);
  const tools = evidence.exercise.subjects.filter((subject) => subject.kind === 'tool');
  if (tools.length === 0) return null;
  const timed = new Set(
    (evidence.latency?.subjects ?? [])
      .filter((record) => record.latencyMs !== null)
      .map((record) => record.subject.name),
  );
  const answered = tools.filter(
    (tool) => tool.outcomes !== null && tool.outcomes.calls > tool.outcomes.errors,
  );
  if (answered.some((tool) => timed.has(tool.name)))
    return check === 'cpu' ? nothingProfiled(answered, evidence) : null;
  if (answered.length > 0) return `the run ended before the ${tools.length} tools were timed`;
  if (tools.some((tool) => tool.exercised))
    return `every call of the ${tools.length} tools failed: give working calls in a workload (--workload FILE)`;
  return `none of the ${tools.length} tools was called: give calls in a workload (--workload FILE), name tools with --tool, or pass --allow-writes`;
}

/** On a starved host one call may take longer than all the time for it: then only methods were profiled. */
function nothingProfiled(
  tools: readonly { readonly name: string }[],
  { blocking }: Partial<EvidenceMap>,
): string | null {
  if (blocking === undefined) return null;
  const seen = new Set(blocking.subjects.filter(({ calls }) => calls > 0).map(({ name }) => name));
  return tools.some(({ name }) => seen.has(name))
    ? null
    : `none of the ${tools.length} tools that answer was called while Mettle profiled: a call takes longer than the time for it (raise --budget)`;
}

/** Leaks of methods and of sessions are looked for though no tool may be called. */
function nothingDriven({ heapGrowth, exercise }: Partial<EvidenceMap>): string | null {
  if (heapGrowth === undefined || heapGrowth.subjects.some(({ calls }) => calls > 0)) return null;
  const first = exercise?.subjects.find(({ reason }) => reason !== null)?.reason;
  return `nothing could be called: ${first ?? 'the server lists nothing'}`;
}

/** Attached, Mettle calls nothing: without a client's calls there was nothing to judge. */
function nothingWatched({ exercise, blocking }: Partial<EvidenceMap>): string | null {
  if (exercise?.subjects.some((subject) => subject.kind === 'tool') === true) return null;
  const only = exercise?.subjects.map((subject) => subject.name).join(', ') ?? '';
  const seen = only === '' ? 'no client called anything' : `clients called no tool, only ${only},`;
  return `${seen} in the ${((blocking?.observedMs ?? 0) / 1000).toFixed(1)} s that Mettle watched: attach while clients use the server, watch longer (--seconds), or give the number of the process that serves them, not of its launcher`;
}

function whyMissing(missing: readonly EvidenceKey[], bundle: Bundle): string {
  if (bundle.evidence.reach?.failed != null) return 'the server was not reached';
  const reasons = new Set(
    missing.map((key) => bundle.manifest.absent[key] ?? NOT_ASKED_FOR[key] ?? `no ${key} evidence was taken`),
  );
  return [...reasons].join('; ');
}

function merge(parts: readonly { readonly id: string; readonly verdict: Verdict }[]): Verdict {
  const verdicts = parts.map((part) => part.verdict);
  const findings = verdicts.flatMap((verdict) => (verdict.status === 'found' ? verdict.findings : []));
  if (findings.length > 0) return { status: 'found', findings: findings.toSorted(bySeverity) };
  const failed = verdicts.find((verdict) => verdict.status === 'failed');
  if (failed !== undefined) return failed;
  const clear = parts.flatMap(({ verdict }) => (verdict.status === 'clear' ? [verdict.looked] : []));
  const skipped = parts.flatMap(({ id, verdict }) =>
    verdict.status === 'skipped' ? [{ id, why: verdict.why }] : [],
  );
  if (clear.length === 0)
    return { status: 'skipped', why: [...new Set(skipped.map((part) => part.why))].join('; ') };
  const notLooked = skipped.map((part) => `not looked for ${part.id}: ${part.why}`);
  return { status: 'clear', looked: [...new Set([...clear, ...notLooked])].join('; ') };
}
