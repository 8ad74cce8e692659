import { formatPlace } from '../derive/index.ts';
import type { Finding } from '../evidence/index.ts';

const GENERIC = 'blocked-event-loop';
const TAIL = 'latency-tail';
/** The causes together make up at least this much of the block: mended, the better half of it is gone. */
const EXPLAINS = 0.5;
/** Less of the block than this is no cause of it, however true it is by itself. */
const PART = 0.2;

/**
 * One fault, one fix: a held event loop whose cause has a finding of its own refers to that, and says its fix instead
 * of the general one. `findings` are those of the check `cpu`; paths are shown relative to `cwd`.
 */
export function referToCauses(findings: readonly Finding[], cwd: string): readonly Finding[] {
  return findings.map((finding) =>
    finding.id === GENERIC ? referring(finding, causesOfBlock(finding, findings), 'it', cwd) : finding,
  );
}

/** The same for calls that wait for the event loop: `tails` are findings of the check `latency`, `findings` of `cpu`. */
export function referTailsToCauses(
  tails: readonly Finding[],
  findings: readonly Finding[],
  cwd: string,
): readonly Finding[] {
  return tails.map((tail) => {
    if (tail.id !== TAIL) return tail;
    const named = causesNamed(tail, findings).filter((cause) => isSameFunction(cause, tail));
    return referring(tail, whatExplains(tail, named), 'the event loop', cwd);
  });
}

function referring(finding: Finding, causes: readonly Finding[], held: string, cwd: string): Finding {
  return causes.length === 0
    ? finding
    : {
        ...finding,
        fix: fixOf(causes, held, cwd),
        causedBy: causes.map((cause) => cause.fingerprint),
      };
}

/** Dearest first; empty where what was named does not explain the block. */
function causesOfBlock(block: Finding, findings: readonly Finding[]): readonly Finding[] {
  const named = causesNamed(block, findings);
  const here = named.filter((cause) => isSameFunction(cause, block));
  // A cause may be shown at the function that leads to it; with several blocks it would be unknown to which.
  const blocks = findings.filter((other) => other.id === GENERIC && isAlike(other, block));
  return whatExplains(block, here.length > 0 ? here : blocks.length === 1 ? named : []);
}

function causesNamed(finding: Finding, findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(
    (other) =>
      other.id !== GENERIC && isAlike(other, finding) && other.cost.value >= PART * finding.cost.value,
  );
}

/** Of the same tool, and counted by the same measure. */
function isAlike(a: Finding, b: Finding): boolean {
  return a.tool === b.tool && a.cost.per === b.cost.per;
}

function whatExplains(finding: Finding, causes: readonly Finding[]): readonly Finding[] {
  const explained = causes.reduce((sum, { cost }) => sum + cost.value, 0);
  return explained >= EXPLAINS * finding.cost.value
    ? causes.toSorted((a, b) => b.cost.value - a.cost.value)
    : [];
}

function isSameFunction({ location: a }: Finding, { location: b }: Finding): boolean {
  return a !== undefined && b !== undefined && a.file === b.file && a.function === b.function;
}

function fixOf(causes: readonly Finding[], held: string, cwd: string): string {
  const fixes = causes.map(({ id, location, fix }) => {
    const where = location === undefined ? '' : ` at ${formatPlace(location, cwd)}`;
    return `\`${id}\`${where}: ${fix}`;
  });
  return fixes.length === 1
    ? `What holds ${held} is ${fixes[0] ?? ''}`
    : `What holds ${held}, the dearest first, is ${fixes.join(' Then ')}`;
}
