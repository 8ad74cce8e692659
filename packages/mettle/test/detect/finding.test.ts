import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeFinding, isTool, verifyCommand, type FindingDraft } from '../../src/detect/finding.ts';
import { detectors } from '../../src/detect/index.ts';
import { recurs } from '../../src/detect/judgement.ts';
import { comparison } from '../builders/comparison.ts';
import { grownSessions } from '../builders/compared-heaps.ts';
import { leakRun } from '../builders/heap.ts';
import { memoryWatch } from '../builders/memory-watch.ts';
import { probeEvidence } from '../builders/probe.ts';
import { raceEvidence } from '../builders/race.ts';
import { server } from '../builders/server.ts';

const target = server().evidence().target;
const draft: FindingDraft = {
  id: 'blocked-event-loop',
  tool: 'hash',
  location: { file: '/srv/shop/src/tools.js', line: 12, function: 'hash' },
  severity: 'high',
  confidence: 'measured',
  title: 't',
  evidence: [],
  cost: { value: 1, unit: 'ms', per: 'call' },
  fix: 'f',
  verify: { command: 'c', expect: 'e' },
};

describe('a fingerprint', () => {
  it('is the same across runs, machines, line shifts and figures', () => {
    const elsewhere = {
      ...draft,
      title: 'other figures',
      location: { file: 'C:\\work\\shop\\src\\tools.js', line: 99, column: 4, function: 'hash' },
    };
    expect(makeFinding(elsewhere).fingerprint).toBe(makeFinding(draft).fingerprint);
    expect(makeFinding(draft).fingerprint).toMatch(/^[0-9a-f]{16}$/);
  });

  it('differs by id, tool, function, file, package and variant', () => {
    const others: FindingDraft[] = [
      { ...draft, id: 'latency-tail' },
      { ...draft, tool: 'login' },
      { ...draft, tool: null },
      { ...draft, location: { file: '/srv/shop/src/tools.js', line: 12, function: 'other' } },
      { ...draft, location: { file: '/srv/shop/src/other.js', line: 12, function: 'hash' } },
      { ...draft, location: { file: '/srv/shop/node_modules/zod/src/tools.js', line: 12, function: 'hash' } },
      { ...draft, location: undefined },
      { ...draft, variant: 'gc' },
    ];
    expect(new Set([draft, ...others].map((one) => makeFinding(one).fingerprint)).size).toBe(
      others.length + 1,
    );
  });
});

describe('the command that verifies', () => {
  it('examines the same target, and only the tools named', () => {
    expect(verifyCommand('a-fault', target)).toBe('npx mettle check --fail-on a-fault -- node src/server.js');
    expect(verifyCommand('a-fault', target, ['a', "it's"])).toBe(
      String.raw`npx mettle check --tool a --tool 'it'\''s' --fail-on a-fault -- node src/server.js`,
    );
  });

  it('knows tools from methods, as the run did or by their names', () => {
    const { exercise } = server().tool('resources/read').tool('a/b').evidence();
    expect(isTool('resources/read', exercise)).toBe(false);
    expect(isTool('a/b', undefined)).toBe(true);
    expect(isTool('tools/list', undefined)).toBe(false);
  });
});

describe('a state is believed', () => {
  it.each([
    [1, 1, false],
    [1, 2, false],
    [2, 2, true],
    [2, 3, false],
    [3, 3, true],
    [3, 300, true],
    [3, 301, false],
  ])('when it shows in %i of %i calls: %s', (affected, total, believed) => {
    expect(recurs(affected, total)).toBe(believed);
  });
});

describe('every detector', () => {
  const files = readdirSync(new URL('../../src/detect/detectors/', import.meta.url)).map((file) =>
    file.replace(/\.ts$/, ''),
  );
  const documented = readdirSync(new URL('../../../../docs/findings/', import.meta.url)).map((file) =>
    file.replace(/\.md$/, ''),
  );

  it('has a file named for what it finds, is listed, and is documented', () => {
    expect(detectors.map((detector) => detector.id).toSorted()).toEqual(files.toSorted());
    expect(documented).toEqual(expect.arrayContaining(files));
  });

  it('works with nothing but what it needs', () => {
    const all = {
      ...server()
        .tool('a')
        .called(10)
        .blocks(80)
        .alone({ p50: 80 })
        .together({ atATime: 1, soloMs: 30 })
        .seenInside()
        .evidence(),
      comparison: comparison({ name: 'a', latency: 2 }),
      thresholds: { thresholds: [] },
      heapGrowth: leakRun().calls('a').grows().heapGrowth(),
      heapComparison: grownSessions(100),
      memoryWatch: memoryWatch().rises({ heap: 6e6 }).watch(),
      race: raceEvidence(),
      probe: probeEvidence(),
    };
    for (const detector of detectors) {
      const only = Object.fromEntries(
        Object.entries(all).filter(([key]) => (detector.needs as readonly string[]).includes(key)),
      );
      expect(() => detector.detect(only as typeof all)).not.toThrow();
      expect(detector.looked(only as typeof all)).not.toBe('');
    }
  });

  it('is silent about a server of which nothing bad was seen', () => {
    const healthy = {
      ...server()
        .tool('a')
        .called(200)
        .alone({ p50: 2 })
        .together({ atATime: Number.POSITIVE_INFINITY, soloMs: 20 })
        .seenInside()
        .evidence(),
      comparison: comparison({ name: 'a' }),
      thresholds: { thresholds: [] },
      heapGrowth: leakRun().calls('a').growsUpTo(500).heapGrowth(),
      heapComparison: grownSessions(0),
      memoryWatch: memoryWatch().watch(),
      race: raceEvidence(),
      probe: probeEvidence(),
    };
    expect(detectors.flatMap((detector) => detector.detect(healthy))).toEqual([]);
  });
});
