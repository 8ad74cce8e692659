import { gunzipSync, gzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';
import { describe, expect, it } from 'vitest';
import { buildCallTree } from '../../src/derive/call-tree.ts';
import type { CpuProfileEvidence } from '../../src/evidence/index.ts';
import { displayWidth } from '../../src/report/printable.ts';
import { renderBottomUp } from '../../src/report/profiles/bottom-up.ts';
import { renderCpuProfile } from '../../src/report/profiles/cpuprofile.ts';
import { renderFoldedStacks } from '../../src/report/profiles/folded.ts';
import { encodePprof } from '../../src/report/profiles/pprof.ts';
import { profileOf, SERVER_FOLDER } from '../builders/cpu-profile.ts';

const home = { cwd: SERVER_FOLDER, packages: [] };
const EVIDENCE = profileOf([
  ['search', ['serve@@main.js:1', 'find@@find.js:3'], [1000, 1000]],
  ['save', ['serve@@main.js:1', 'find@@find.js:3'], [400]],
  ['save', ['serve@@main.js:1', 'write;all@@node:fs:20'], [500]],
  ['', ['(idle)'], [90_000]],
  ['save', ['(garbage collector)'], [50]],
  ['', ['(program)'], [200]],
]);
const tree = buildCallTree(EVIDENCE, { home });

describe('.cpuprofile', () => {
  const read = (evidence: CpuProfileEvidence): CpuProfileEvidence['profile'] =>
    JSON.parse(renderCpuProfile(evidence)) as CpuProfileEvidence['profile'];
  const profile = read(EVIDENCE);
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const namesBelow = (id: number): string[] =>
    (byId.get(id)?.children ?? []).map((child) => byId.get(child)?.callFrame.functionName ?? 'dangling');

  it('has one frame per tool under the root; what V8 does for no call stays beside them', () => {
    expect(profile.nodes[0]?.callFrame.functionName).toBe('(root)');
    expect(namesBelow(profile.nodes[0]?.id ?? 0).toSorted()).toEqual([
      '(idle)',
      '(program)',
      'tool: save',
      'tool: search',
    ]);
    const save = profile.nodes.find((node) => node.callFrame.functionName === 'tool: save');
    expect(namesBelow(save?.id ?? 0)).toEqual(['serve', '(garbage collector)']);
  });

  it('has consistent ids: every node one parent, every sample a node, hits that add up', () => {
    const children = profile.nodes.flatMap((node) => node.children ?? []);
    expect(new Set(children).size).toBe(children.length);
    expect(children.toSorted((a, b) => a - b)).toEqual(profile.nodes.slice(1).map((node) => node.id));
    expect(profile.samples.every((id) => byId.has(id))).toBe(true);
    expect(profile.nodes.reduce((sum, node) => sum + (node.hitCount ?? 0), 0)).toBe(
      EVIDENCE.profile.samples.length,
    );
  });

  it('leaves the time as it was', () => {
    const { startTime, endTime, timeDeltas } = EVIDENCE.profile;
    expect(profile).toMatchObject({ startTime, endTime, timeDeltas });
  });

  it('keeps line ticks only where they belong to one subject', () => {
    const nodes = EVIDENCE.profile.nodes.map((node) => ({ ...node, positionTicks: [{ line: 1, ticks: 1 }] }));
    const kept = read({ ...EVIDENCE, profile: { ...EVIDENCE.profile, nodes } }).nodes.filter(
      (node) => node.positionTicks !== undefined,
    );
    expect(kept.map((node) => node.callFrame.functionName).toSorted()).toEqual([
      '(garbage collector)',
      '(idle)',
      '(program)',
      'write;all',
    ]);
  });
});

describe('folded stacks', () => {
  it('have one line per call path, the tool first, and no separator inside a name', () => {
    expect(renderFoldedStacks(tree).trimEnd().split('\n')).toEqual([
      'search;serve (src/main.js:1);find (src/find.js:3) 2',
      'save;serve (src/main.js:1);write,all (node:fs:20) 1',
      'save;serve (src/main.js:1);find (src/find.js:3) 1',
      'save;(garbage collector) 1',
      '(outside calls);(program) 1',
    ]);
  });
});

describe('pprof', () => {
  const profile = Profile.decode(
    gunzipSync(gzipSync(encodePprof(tree, { takenAtEpochMs: 1_795_000_000_000, durationMs: 1_500 }))),
  );
  const text = (index: number | bigint | undefined): string =>
    profile.stringTable.strings[Number(index)] ?? '';

  it('has the sample types that readers look for', () => {
    expect(profile.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`)).toEqual([
      'samples/count',
      'cpu/nanoseconds',
    ]);
    expect(Number(profile.period)).toBe(1_000_000);
    expect(BigInt(profile.timeNanos)).toBe(1_795_000_000_000_000_000n);
    expect(Number(profile.durationNanos)).toBe(1_500_000_000);
  });

  it('labels every sample with its tool, innermost location first', () => {
    const names = new Map(profile.function.map((f) => [Number(f.id), text(f.name)]));
    const functionOf = new Map(
      profile.location.map((location) => [
        Number(location.id),
        names.get(Number(location.line[0]?.functionId)),
      ]),
    );
    expect(
      profile.sample.map(({ label, locationId, value }) => [
        label.map(({ key, str }) => `${text(key)}=${text(str)}`).join(),
        locationId.map((id) => functionOf.get(Number(id))).join(' < '),
        ...value.map(Number),
      ]),
    ).toEqual([
      ['tool=search', 'find < serve', 2, 2_000_000],
      ['tool=save', 'write;all < serve', 1, 500_000],
      ['tool=save', 'find < serve', 1, 400_000],
      ['tool=save', '(garbage collector)', 1, 50_000],
      ['tool=(outside calls)', '(program)', 1, 200_000],
    ]);
  });
});

describe('the bottom-up table', () => {
  it('lists the functions by their own time', () => {
    expect(renderBottomUp(tree, { width: 80 })).toEqual([
      'self ms   self  total  function             place               package',
      '    2.4  76.2%  76.2%  find                 src/find.js:3       application',
      '    0.5  15.9%  15.9%  write;all            from src/main.js:1  Node internals',
      '    0.2   6.3%   6.3%  (program)                                V8 engine',
      '   0.05   1.6%   1.6%  (garbage collector)                      V8 engine',
    ]);
  });

  it('can be had for one tool, and for the first few functions', () => {
    const lines = renderBottomUp(tree, { subject: 'save', limit: 1 });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('write;all');
    expect(renderBottomUp(tree, { subject: 'never called' })).toEqual([]);
  });

  it.each([60, 80, 120])('stays within %i columns, whatever the names are', (width) => {
    const hostile = `${'長い'.repeat(60)}\u001b[31m\n@@${'folder/'.repeat(30)}a.js:123456`;
    const other = `f@@node_modules/@a-very-long-scope-name/and-a-long-package-name/index.js:1`;
    const lines = renderBottomUp(
      buildCallTree(
        profileOf([
          ['t', [other, hostile], [5]],
          ['t', [other], [4]],
        ]),
        { home },
      ),
      { width },
    );
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(displayWidth(line)).toBeLessThanOrEqual(width);
      expect(line).not.toContain('\u001b');
    }
  });

  it('is empty when nothing was sampled', () => {
    expect(renderBottomUp(buildCallTree(profileOf([['', ['(idle)'], [5]]]), { home }))).toEqual([]);
  });
});
