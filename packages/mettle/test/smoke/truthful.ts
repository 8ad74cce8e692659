import { expect } from 'vitest';
import { CHECKS } from '../../src/evidence/index.ts';
import type { Result } from '../../src/evidence/index.ts';
import type { Examination } from './examination.ts';

/** What must hold of every result, whatever the server. */
export function expectTruthful({ result, exitCode, stderr }: Examination): void {
  expect(result.schema).toBe('mettle/result@1');
  expect([0, 1], `exit code; stderr: ${stderr}`).toContain(exitCode);
  expect(Object.keys(result.checks)).toEqual([...CHECKS]);

  for (const tool of result.tools) {
    if (tool.exercised) expect(tool.calls, `calls of ${tool.name}`).toBeGreaterThan(0);
    else expect(tool.reason, `why ${tool.name} was not called`).toMatch(/\w+ \w+/);
    // What fails every time is never reported as fast.
    if (tool.calls > 0 && tool.errors === tool.calls) {
      expect(tool.reason, `${tool.name} failed every time`).toMatch(/failed/);
      expect(tool.latencyMs).toBeNull();
    }
  }
  for (const [check, verdict] of Object.entries(result.checks)) {
    if (verdict.status === 'failed') throw new Error(`${check} failed: ${verdict.error.message}`);
    if (verdict.status === 'clear') expect(verdict.looked, `what ${check} looked at`).toMatch(/\d/);
    if (verdict.status === 'skipped') expect(verdict.why, `why ${check} was skipped`).toMatch(/\w+ \w+/);
    if (verdict.status === 'found') expect(verdict.findings.length).toBeGreaterThan(0);
  }
  const found = Object.values(result.checks).flatMap((verdict) =>
    verdict.status === 'found' ? verdict.findings : [],
  );
  expect(found.map((finding) => finding.fingerprint).toSorted()).toEqual(
    result.findings.map((finding) => finding.fingerprint).toSorted(),
  );
}

/** The findings as `id tool`. */
export function findingNames(result: Result): readonly string[] {
  return result.findings.map(({ id, tool }) => `${id} ${tool ?? '-'}`);
}
