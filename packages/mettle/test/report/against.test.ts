import { describe, expect, test } from 'vitest';
import type { Finding, Result } from '../../src/evidence/index.ts';
import { changesBetween } from '../../src/report/against/changes.ts';
import type { AgainstDocument } from '../../src/report/against/document.ts';
import {
  renderAgainstJson,
  renderAgainstMarkdown,
  renderAgainstTerminal,
} from '../../src/report/against/text.ts';
import { change, changesHeadline } from '../../src/report/against/words.ts';
import { renderAgainstHtml } from '../../src/report/html/against.ts';
import { complaintsAbout } from '../builders/published-schemas.ts';
import { finding, found, passedOver, result, toolResult } from './builders.ts';

const at = (file: string, line: number, name = 'deriveKey'): Finding['location'] => ({
  file,
  line,
  function: name,
});
const slow = finding({ fingerprint: 'a', location: at('/srv/app/src/hash.ts', 12) });
const leak = finding({
  id: 'listener-leak',
  fingerprint: 'b',
  severity: 'medium',
  tool: 'watch',
  title: 'watch leaves a listener behind in every call',
  location: at('/srv/app/src/watch.ts', 40, 'watch'),
  cost: { value: 1200, unit: 'bytes', per: 'call' },
});

const before = result(
  {
    findings: [slow, leak],
    tools: [toolResult(), toolResult({ name: 'watch' })],
  },
  { cpu: found(slow), leak: found(leak) },
);

function afterwards(findings: readonly Finding[], some: Partial<Result> = {}, leaks = true): Result {
  const [cpu, leaky] = [
    findings.filter(({ id }) => id !== 'listener-leak'),
    findings.filter(({ id }) => id === 'listener-leak'),
  ];
  const verdict = (of: readonly Finding[], looked: string): Result['checks']['cpu'] =>
    of.length === 0 ? { status: 'clear', looked } : { status: 'found', findings: of };
  return result(
    { findings, tools: before.tools, ...some },
    {
      cpu: verdict(cpu, '2 tools, 2,000 calls'),
      leak: leaks ? verdict(leaky, '2 tools') : { status: 'skipped', why: 'no time was left; give --budget' },
    },
  );
}

const ids = (findings: readonly Finding[]): readonly string[] => findings.map(({ id }) => id);

describe('two runs beside each other', () => {
  test('what was found before and is looked for again in vain is mended', () => {
    const changes = changesBetween(before, afterwards([leak]));
    expect(ids(changes.mended)).toEqual(['blocked-event-loop']);
    expect(changes.stayed).toHaveLength(1);
    expect(changesHeadline(changes)).toBe('1 finding mended, 1 stayed.');
    expect(changesHeadline(changesBetween(before, afterwards([])))).toBe('2 findings mended: none is left.');
  });

  test('what was not looked for again is not called mended, and why is said', () => {
    const unlooked = changesBetween(before, afterwards([slow], {}, false));
    expect(unlooked.mended).toEqual([]);
    expect(unlooked.unknown.map(({ why }) => why)).toEqual(['no time was left; give --budget']);
    const uncalled = afterwards([slow], {
      tools: [toolResult(), passedOver('watch', 'not called: --tool names others only')],
    });
    expect(changesBetween(before, uncalled).unknown.map(({ why }) => why)).toEqual([
      'not called: --tool names others only',
    ]);
    const failing = afterwards([slow], {
      tools: [toolResult(), toolResult({ name: 'watch', calls: 20, errors: 20 })],
    });
    expect(changesBetween(before, failing).unknown[0]?.why).toBe(
      'every call of it failed, so nothing was measured',
    );
  });

  test('a finding whose lines moved, in another checkout, is the same; the same ailment elsewhere is new', () => {
    const moved = { ...slow, fingerprint: 'c', location: at('/tmp/checkout/src/hash.ts', 31) } as Finding;
    const elsewhere = { ...moved, location: at('/tmp/checkout/src/other.ts', 31) } as Finding;
    expect(changesBetween(before, afterwards([moved, leak])).stayed).toHaveLength(2);
    const changes = changesBetween(before, afterwards([elsewhere, leak]));
    expect([ids(changes.mended), ids(changes.added)]).toEqual([
      ['blocked-event-loop'],
      ['blocked-event-loop'],
    ]);
  });

  test('figures stand beside each other with the effect, where both runs have them', () => {
    expect([change(48, 4), change(10, 15), change(10, 10.2), change(0, 5)]).toEqual([
      '÷ 12',
      '× 1.5',
      '=',
      '–',
    ]);
    const quick = afterwards([], {
      tools: [toolResult({ cpuMsPerCall: 4.1, latencyMs: null }), passedOver('watch', 'not called')],
    });
    const text = renderAgainstTerminal(changesBetween(before, quick), { color: false, width: 80 });
    expect(text).toMatch(/hash +CPU a call +48\.3 ms +4\.1 ms +÷ 12/);
    expect(text).not.toMatch(/hash +p50/);
    expect(text).toMatch(/mettle\s+bench --compare measures both versions in turns/);
    expect(text.split('\n').every((line) => line.length <= 80)).toBe(true);
  });

  test('every format tells the same', () => {
    const changes = changesBetween(before, afterwards([leak]));
    const html = renderAgainstHtml(changes, { folder: '/srv/app', readSource: undefined });
    const texts = [renderAgainstMarkdown(changes, { cwd: '/srv/app' }), html];
    for (const text of texts) {
      expect(text).toContain('1 finding mended, 1 stayed.');
      expect(text).toContain('listener-leak');
    }
    expect(html).toContain('src/hash.ts:12');
    const data = JSON.parse(renderAgainstJson(changes)) as AgainstDocument;
    expect([data.schema, ids(data.mended)]).toEqual(['mettle/against@1', ['blocked-event-loop']]);
  });

  test('the published schema takes the comparison with every part in it, and refuses one that lacks a part', () => {
    const other = { ...slow, fingerprint: 'd', tool: 'render' } as Finding;
    const changes = [afterwards([other, leak]), afterwards([slow], {}, false)].map((after) =>
      changesBetween(before, after),
    );
    for (const each of changes)
      expect(complaintsAbout('against', JSON.parse(renderAgainstJson(each)), true)).toEqual([]);
    const [first] = changes.map((each) => JSON.parse(renderAgainstJson(each)) as AgainstDocument);
    expect([first?.mended.length, first?.new.length, first?.stayed.length]).toEqual([1, 1, 1]);
    expect(changes[1]?.unknown).toHaveLength(1);
    expect(complaintsAbout('against', { ...first, added: { later: true } })).toEqual([]);
    for (const part of [
      'schema',
      'before',
      'after',
      'mended',
      'new',
      'stayed',
      'unknown',
      'verdicts',
      'tools',
    ])
      expect(complaintsAbout('against', { ...first, [part]: undefined }), part).not.toEqual([]);
  });
});
