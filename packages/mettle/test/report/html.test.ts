import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Exhibit } from '../../src/evidence/index.ts';
import { CLIENT_SCRIPT, CLIENT_SCRIPT_SHA256 } from '../../src/report/html/client-script.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { bundle, finding, found, frame, latencyRecord, passedOver, result, toolResult } from './builders.ts';
import { sampleBlocking, sampleBundle, sampleResult, sampleRounds, SOURCE } from './sample.ts';

const page = renderHtml(sampleResult, sampleBundle, {
  readSource: (file) => (file.endsWith('derive-key.ts') ? SOURCE : null),
});

/** The page as a reader without scripts has it: tags and non-text elements gone, entities resolved. */
function textOf(markup: string): string {
  const entities: Record<string, string> = {
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#39;': "'",
    '&#96;': '`',
    '&amp;': '&',
  };
  return markup
    .replace(/<(script|style)[^]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(lt|gt|quot|#39|#96|amp);/g, (entity) => entities[entity] ?? '')
    .replace(/\s+/g, ' ');
}

/** The markup without blanks that show nowhere. */
function tight(markup: string): string {
  return markup
    .replace(/\s*\n\s*/g, '')
    .replace(/\s+/g, ' ')
    .replaceAll(' >', '>');
}

function withExhibit(exhibit: Exhibit): string {
  const sick = finding({ evidence: [exhibit] });
  return renderHtml(result({ findings: [sick] }, { cpu: found(sick) }), bundle());
}

describe('the page stands alone', () => {
  test('it refers to nothing outside itself', () => {
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/\b(src|srcset|poster|data|action|formaction|background)=/);
    expect(page).not.toMatch(/<(link|img|iframe|object|embed|base|form)\b|@import|url\(/i);
    expect([...page.matchAll(/href="([^"]*)"/g)].every(([, href]) => href?.startsWith('#'))).toBe(true);
  });

  test('its policy forbids every fetch and every script but its own', () => {
    expect(page).toContain(
      `content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; script-src &#39;sha256-${CLIENT_SCRIPT_SHA256}&#39;;`,
    );
    expect(CLIENT_SCRIPT_SHA256).toBe(createHash('sha256').update(CLIENT_SCRIPT).digest('base64'));
    expect(page).toContain(`<script>${CLIENT_SCRIPT}</script>`);
  });

  test('it has every text without its script', () => {
    const text = textOf(page);
    for (const { title, fix, verify } of sampleResult.findings) {
      for (const part of [title, fix, verify.command, verify.expect])
        expect(text.replaceAll(' ', '')).toContain(part.replaceAll(' ', ''));
    }
    expect(text).toContain('return pbkdf2Sync(password, salt, rounds, 64,');
    expect(text).toContain('not marked read-only; give --allow-writes or a workload');
    expect(text).toContain('the server did not answer the first call of the overload stage within 30 s');
  });

  test('the verdicts come before the findings, the pictures after', () => {
    const order = ['verdicts', 'findings', 'latency', 'concurrency', 'blocking', 'tools', 'not-covered'].map(
      (id) => page.indexOf(`<section id="${id}"`),
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(0);
  });

  test('every element is closed', () => {
    const open: string[] = [];
    for (const [, close, name = '', self] of page
      .replace(/<(script|style)[^]*?<\/\1>/g, '')
      .matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
      if (self === '/' || name === 'meta') continue;
      if (close === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });
});

describe('every kind of exhibit is drawn', () => {
  test('a table with headings, figures set as figures', () => {
    const text = withExhibit({
      kind: 'table',
      title: 'Rounds',
      columns: ['round', 'ms', 'why'],
      rows: [
        [1, 1234.5, 'cold'],
        [2, 0.5, 'warm'],
      ],
    });
    expect(tight(text)).toContain('<th scope="col" class="n">ms</th><th scope="col">why</th>');
    expect(text).toContain('<td class="n">1,235</td><td>cold</td>');
  });

  test('a series as a line with axes, a description and its figures', () => {
    const text = withExhibit({
      kind: 'series',
      title: 'Heap',
      xLabel: 'call',
      yLabel: 'MiB',
      series: [
        {
          name: 'heap',
          points: [
            [0, 10],
            [100, 30],
            [200, 50],
          ],
        },
      ],
    });
    expect(text).toContain('aria-label="MiB over call: heap from 10 to 50"');
    expect(text).toContain('<path class="line" d="M0 83.3L500 50L1000 16.7" />');
    expect(text).toContain('<td class="n">30</td>');
  });

  test('a series without drawable points says so', () => {
    const text = withExhibit({
      kind: 'series',
      title: 'Heap',
      xLabel: 'x',
      yLabel: 'y',
      series: [{ name: 'a', points: [[0, NaN]] }],
    });
    expect(text).toContain('No points were recorded.');
  });

  test('a stack, with what is not the application folded', () => {
    const text = withExhibit({
      kind: 'stack',
      title: 'Who',
      frames: [frame('a', 'node:x'), frame('b', 'node:y'), frame('own', '/srv/app/own.ts', 7, 3)],
    });
    expect(textOf(text)).toMatch(/b Node\.js 1 more inside .*own \/srv\/app\/own\.ts:7:3/);
  });

  test('a retaining path as its steps in order', () => {
    const text = withExhibit({
      kind: 'retaining-path',
      title: 'Kept by',
      steps: ['(global)', 'cache: Map', 'entry'],
    });
    expect(text.replaceAll(/<[^>]+>|\s+/g, ' ').replaceAll(/ +/g, ' ')).toContain(
      '(global) holds cache: Map entry Object',
    );
  });

  test('an interleaving as lanes', () => {
    const text = withExhibit({
      kind: 'interleaving',
      title: 'Race',
      lanes: ['A', 'B'],
      steps: [
        { lane: 0, text: 'read' },
        { lane: 1, text: 'write' },
      ],
    });
    expect(tight(text)).toContain('<th scope="row">2</th><td></td><td class="on l1">write</td>');
  });

  test('a transcript line by line', () => {
    expect(withExhibit({ kind: 'transcript', title: 'Said', lines: ['one', 'two'] })).toContain(
      '<li>one</li><li>two</li>',
    );
  });
});

describe('what a target says stays text', () => {
  const evil = `</script><img src=x onerror=alert(1)>"'\`--><svg onload=alert(2)>\u2028`;
  const frames = [frame(evil, `/srv/${evil}.ts`, 1, 1), frame(evil, `node:${evil}`)];
  const exhibits: Exhibit[] = [
    { kind: 'table', title: evil, columns: [evil], rows: [[evil]] },
    {
      kind: 'series',
      title: evil,
      xLabel: evil,
      yLabel: evil,
      series: [
        { name: evil, points: [[1, 2]] },
        { name: evil, points: [[2, 2]] },
      ],
    },
    { kind: 'stack', title: evil, frames },
    { kind: 'retaining-path', title: evil, steps: [evil] },
    { kind: 'interleaving', title: evil, lanes: [evil], steps: [{ lane: 0, text: evil }] },
    { kind: 'transcript', title: evil, lines: [evil] },
  ];
  const sick = finding({
    id: evil,
    tool: evil,
    title: evil,
    fix: evil,
    verify: { command: evil, expect: evil },
    cost: { value: 1, unit: evil, per: 'call' },
    location: { file: evil, line: 1, function: evil },
    evidence: exhibits,
  });
  const { target } = result();
  const hostile = result(
    {
      command: evil,
      target: {
        ...target,
        server: { name: evil, version: evil },
        sdk: { name: evil, version: evil },
        node: evil,
        protocolVersion: evil,
      },
      findings: [sick, { ...sick, id: 'also' }],
      tools: [toolResult({ name: evil, reason: evil }), passedOver(evil, evil)],
      notes: [evil],
    },
    {
      cpu: found(sick),
      leak: { status: 'skipped', why: evil },
      race: { status: 'failed', error: { message: evil } },
      latency: { status: 'clear', looked: evil },
    },
  );
  const evidence = bundle({
    latency: { subjects: [latencyRecord(evil, [1, 2, 3])] },
    concurrency: { subjects: [{ subject: { name: evil, kind: 'tool' }, rounds: sampleRounds }] },
    blocking: {
      ...sampleBlocking,
      stretches: sampleBlocking.stretches.slice(0, 1).map((stretch) => ({ ...stretch, subject: evil })),
    },
  });
  const text = renderHtml(hostile, evidence, { readSource: () => evil });

  test('no element and no attribute of its making appears', () => {
    expect(text.match(/<script/g)).toHaveLength(2);
    expect(text.match(/<\/script>/g)).toHaveLength(2);
    expect(/<(img|svg onload)/.exec(text)).toBeNull();
    const withoutValues = text.replace(/="[^"]*"/g, '');
    expect(/<[a-z][^>]*\son\w+/.exec(withoutValues)?.[0]).toBeUndefined();
  });

  test('the embedded result is whole and cannot leave its element', () => {
    const json =
      /<script type="application\/json" id="mettle-result">([^]*?)<\/script>/.exec(text)?.[1] ?? '';
    expect(json).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(hostile)));
  });
});

test('an empty bundle and a result without findings make a page too', () => {
  const text = textOf(renderHtml(result(), bundle()));
  expect(text).toContain('No findings: of 8 failure modes 8 clear.');
});

test('a run of any size stays under 2 MB', () => {
  const long = 'x'.repeat(3000);
  const big: Exhibit[] = [
    {
      kind: 'table',
      title: long,
      columns: ['a', 'b'],
      rows: Array.from({ length: 300 }, (_, i) => [i, long]),
    },
    {
      kind: 'series',
      title: long,
      xLabel: 'x',
      yLabel: 'y',
      series: Array.from({ length: 40 }, () => ({
        name: long,
        points: Array.from({ length: 1000 }, (_, i): [number, number] => [i, i * i + 1]),
      })),
    },
    { kind: 'stack', title: long, frames: Array.from({ length: 300 }, () => frame(long, `/${long}`)) },
    { kind: 'transcript', title: long, lines: Array.from({ length: 300 }, () => long) },
  ];
  const findings = Array.from({ length: 300 }, (_, i) =>
    finding({ title: long, fix: 'f', evidence: i < 5 ? big : [], location: { file: '/a', line: i + 1 } }),
  );
  const tools = Array.from({ length: 700 }, (_, i) => toolResult({ name: `tool-${i}` }));
  const record = latencyRecord('', [1, 2, 30]);
  const subjects = tools.map(({ name }) => ({ ...record, subject: { name, kind: 'tool' as const } }));
  const stretches = Array.from({ length: 25 }, () => sampleBlocking.stretches)
    .flat()
    .map((stretch, i) => ({ ...stretch, subject: `tool-${i % 700}`, startedAtMs: i * 10 }));
  const text = renderHtml(
    result({ findings, tools }, { cpu: found(...findings) }),
    bundle({
      latency: { subjects },
      mixedLatency: { inFlight: 8, durationMs: 1, weights: {}, subjects },
      blocking: { ...sampleBlocking, stretches },
      concurrency: {
        subjects: tools.map(({ name }) => ({
          subject: { name, kind: 'tool' as const },
          rounds: sampleRounds,
        })),
      },
    }),
  );
  expect(Buffer.byteLength(text)).toBeLessThan(2_000_000);
  expect(text).toContain('too large for this page');
});

test('the grey bars of the event loop are explained, where there are any', () => {
  const noHost = sampleBlocking.stretches.map((stretch) => ({ ...stretch, hostDelayMs: 0 }));
  const spoilt = sampleBlocking.stretches.filter((s) => (s.hostDelayMs ?? 0) > s.wallMs / 2).length;
  expect(textOf(page)).toContain(`Grey: ${spoilt} that`);
  expect(
    textOf(renderHtml(result(), bundle({ blocking: { ...sampleBlocking, stretches: noHost } }))),
  ).not.toContain('Grey:');
});
