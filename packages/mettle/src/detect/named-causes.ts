import { formatPlace } from '../derive/index.ts';
import type { Finding } from '../evidence/index.ts';

const GENERIC = 'blocked-event-loop';
/** The causes together make up at least this much of the block: mended, the better half of it is gone. */
const EXPLAINS = 0.5;
/** Less of the block than this is no cause of it, however true it is by itself. */
const PART = 0.2;

/**
 * One fault, one fix: a held event loop whose cause has a finding of its own refers to that, and says its fix instead
 * of the general one. `findings` are those of the check `cpu`; paths are shown relative to `cwd`.
 */
export function referToCauses(findings: readonly Finding[], cwd: string): readonly Finding[] {
  return findings.map((finding) => {
    const causes = finding.id === GENERIC ? causesOfBlock(finding, findings) : [];
    return causes.length === 0
      ? finding
      : {
          ...finding,
          fix: fixOf(causes, cwd),
          causedBy: causes.map((cause) => cause.fingerprint),
        };
  });
}

/** Dearest first; empty where what was named does not explain the block. */
function causesOfBlock(block: Finding, findings: readonly Finding[]): readonly Finding[] {
  const ofTool = findings.filter(({ tool, cost }) => tool === block.tool && cost.per === block.cost.per);
  const named = ofTool.filter(({ id, cost }) => id !== GENERIC && cost.value >= PART * block.cost.value);
  const here = named.filter((cause) => isSameFunction(cause, block));
  // A cause may be shown at the function that leads to it; with several blocks it would be unknown to which.
  const isOnlyBlock = ofTool.filter(({ id }) => id === GENERIC).length === 1;
  const causes = here.length > 0 ? here : isOnlyBlock ? named : [];
  const explained = causes.reduce((sum, { cost }) => sum + cost.value, 0);
  return explained >= EXPLAINS * block.cost.value
    ? causes.toSorted((a, b) => b.cost.value - a.cost.value)
    : [];
}

function isSameFunction({ location: a }: Finding, { location: b }: Finding): boolean {
  return a !== undefined && b !== undefined && a.file === b.file && a.function === b.function;
}

function fixOf(causes: readonly Finding[], cwd: string): string {
  const fixes = causes.map(({ id, location, fix }) => {
    const where = location === undefined ? '' : ` at ${formatPlace(location, cwd)}`;
    return `\`${id}\`${where}: ${fix}`;
  });
  return fixes.length === 1
    ? `What holds it is ${fixes[0] ?? ''}`
    : `What holds it, the dearest first, is ${fixes.join(' Then ')}`;
}
