import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { InProcessEvidence } from '../../src/evidence/index.ts';
import { benchModule } from '../../src/run/index.ts';

/** Short of time on purpose: what is timed is looked at, not how exactly. */
async function timed(
  file: string,
  exportName: string | null,
  tools: readonly string[],
): Promise<{ readonly inProcess: InProcessEvidence; readonly fault: string | null }> {
  const { bundle, targetFault } = await benchModule({
    examination: 'bench',
    spec: {
      kind: 'module',
      file: fileURLToPath(new URL(`../session/fixtures/${file}`, import.meta.url)),
      exportName,
      env: {},
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    },
    targetArguments: `--module ${file}`,
    command: 'mettle bench',
    mettle: '0.0.0',
    tools,
    workload: null,
    allowWrites: false,
    budgetMs: 2000,
    seed: 1,
    era: null,
    signal: new AbortController().signal,
    thresholds: [],
    onProgress() {},
  });
  return { inProcess: bundle.evidence.inProcess ?? { runs: [] }, fault: targetFault };
}

describe('a module in process', { timeout: 120_000 }, () => {
  it('of SDK v2 is timed in both eras, split into handler, validation and the rest', async () => {
    const { runs } = (await timed('v2-server.mjs', 'createServer', ['add'])).inProcess;
    expect(runs.map(({ era }) => era)).toEqual(['2026', '2025']);
    for (const { subjects, fault, jsonWithin } of runs) {
      expect(fault).toBeNull();
      expect(jsonWithin).toBe(false);
      const [add] = subjects;
      expect(add).toMatchObject({ subject: { name: 'add', kind: 'tool' }, errors: 0 });
      expect(add?.timedCalls).toBeGreaterThan(0);
      const { handler = 0, validation = 0, protocol = 0 } = add?.splitUs ?? {};
      expect(handler).toBeGreaterThan(0);
      expect(validation).toBeGreaterThan(0);
      expect(handler + validation + protocol).toBeLessThan(2 * (add?.totalUs?.p50 ?? 0));
      expect(add?.jsonUs.parseRequest).toBeGreaterThan(0);
    }
  });
  it('of SDK v1 speaks 2025', async () => {
    const { runs } = (await timed('v1-server.mjs', null, ['add'])).inProcess;
    expect(runs.map(({ era }) => era)).toEqual(['2025']);
    expect(runs[0]?.subjects[0]?.splitUs).not.toBeNull();
  });
  it('that is a web handler is timed with its JSON, and unsplit', async () => {
    const { runs } = (await timed('v2-server.mjs', 'handler', ['add'])).inProcess;
    expect(runs[0]).toMatchObject({ jsonWithin: true, fault: null });
    expect(runs[0]?.subjects[0]?.splitUs).toBeNull();
    expect(runs[0]?.subjects[0]?.errors).toBe(0);
  });
});
