import { describe, expect, test } from 'vitest';
import { detectors, resultOf } from '../../src/run/index.ts';
import type { Bundle, EvidenceKey, EvidenceMap } from '../../src/evidence/index.ts';
import { renderHtml } from '../../src/report/index.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { pathDiagram } from '../../src/report/html/path-diagram.ts';
import { sparkline } from '../../src/report/memory-words.ts';
import { leakRun } from '../builders/heap.ts';
import { memoryWatch } from '../builders/memory-watch.ts';
import { server } from '../builders/server.ts';

function bundle(examination: 'leak' | 'attach --memory', evidence: Partial<EvidenceMap>): Bundle {
  return {
    manifest: {
      schema: 'mettle/bundle@1',
      mettle: '0.0.0',
      node: 'v24.0.0',
      examination,
      command: `mettle ${examination}`,
      startedAt: '2026-11-22T10:00:00.000Z',
      durationMs: 12_000,
      present: Object.keys(evidence) as EvidenceKey[],
      absent: {},
      notes: [],
    },
    evidence,
  };
}

const leaking = bundle(
  'leak',
  leakRun()
    .calls('open_session')
    .grows({ bytesPerCall: 1422 })
    .calls('look_up')
    .growsUpTo(500, { owner: { name: 'answers' } })
    .evidence(),
);
const { target, exercise } = server().tool('order').evidence();
const watched = bundle('attach --memory', {
  target,
  exercise,
  memoryWatch: memoryWatch()
    .rises({ heap: 6e6 })
    .keeps('remember', 'src/orders.js:12', [5, 4, 6, 5, 4, 5, 6, 5], 5.6e6)
    .keeps('load', 'src/load.js:3', [30, 1, 0, 0, 0, 0, 0, 0], 2e6)
    .watch(),
});
const page = (of: Bundle): string => renderHtml(resultOf(of, detectors), of);
const section = (of: Bundle): string => /<section id="memory">[\s\S]*?<\/section>/.exec(page(of))?.[0] ?? '';
const labels = (markup: string): readonly string[] =>
  [...markup.matchAll(/role="img"\s+aria-label="([^"]*)"/g)].map(([, label = '']) => label);

describe('the memory of a run', () => {
  test('the page draws the heap before and after each collection, and what grew in which round', () => {
    const markup = section(leaking);
    expect(labels(markup)).toEqual([
      expect.stringMatching(/^Heap in use: from .* after each of 7 collections$/),
      expect.stringMatching(/^Outside the heap/),
      expect.stringMatching(/^Resident/),
      expect.stringMatching(
        /^open_session, Map &quot;sessions&quot;, kept by round: .*; no end in 400 further calls$/,
      ),
      expect.stringMatching(/^look_up, Map &quot;answers&quot;, kept by round: .*; stops at 500$/),
    ]);
    expect(markup).toContain('class="band fresh"');
    expect(markup).toContain('kept never');
    expect(markup).toContain('kept ends');
  });

  test('of a server in use it says which functions allocated what is alive, and when', () => {
    const markup = section(watched);
    expect(labels(markup)[0]).toMatch(/^Heap in use: from .* in \d+ s, after each of 16 collections$/);
    expect(markup).toMatch(/remember[\s\S]*src\/orders\.js:12[\s\S]*all the time[\s\S]*5 4 6 5 4 5 6 5/);
    expect(markup).toMatch(/load[\s\S]*not all the time/);
  });

  test('nothing is shown where nobody looked', () => {
    const evidence = server().tool('order').evidence(['process']);
    expect(section(bundle('leak', evidence))).toBe('');
  });

  test('the terminal has the heap as a line of bars, and a line for each growth', () => {
    const text = renderTerminal(resultOf(leaking, detectors), leaking, { color: false, width: 100 });
    expect(text).toMatch(/Memory\n {2}heap [▁▂▃▄▅▆▇█]{7} [\d.]+ MiB to [\d.]+ MiB, after 7 collections/);
    expect(text).toMatch(/open_session +Map "sessions" +\+1 a call, 1\.39 KiB: no end in 400 further calls/);
    expect(text).toMatch(/look_up +Map "answers" +\+1 a call, 1\.39 KiB: stops at 500/);
  });

  test('Markdown has the same as a table', () => {
    const text = renderMarkdown(resultOf(leaking, detectors), leaking);
    expect(text).toMatch(/^Memory: heap [▁▂▃▄▅▆▇█]{7} /m);
    expect(text).toContain(
      String.raw`| open\_session | Map "sessions" | +1 a call, 1.39 KiB | no end in 400 further calls |`,
    );
  });
});

describe('a retaining path as a diagram', () => {
  test('each box has what it is, its name and its place, and what the one before holds it by', () => {
    const { markup } = pathDiagram([
      'module dist/sessions.js',
      'Map "sessions"',
      'entry Object {close}',
      'closure onClose (dist/sessions.js:12:5)',
    ]);
    const text = markup
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim();
    expect(text).toBe(
      'module dist/sessions.js holds Map sessions entry Object {close} holds closure onClose dist/sessions.js:12:5',
    );
    expect(markup.match(/class="(?:root|between|kept)"/g)).toEqual([
      'class="root"',
      'class="between"',
      'class="between"',
      'class="kept"',
    ]);
  });

  test('what a target wrote into names is escaped', () => {
    expect(pathDiagram(['module <script>', 'Map "<img>"']).markup).not.toMatch(/<(?:script|img)/);
  });
});

test('bars tell low from high, and a level line is low', () => {
  expect(sparkline([1, 2, 3], 8)).toBe('▁▅█');
  expect(sparkline([4, 4], 8)).toBe('▁▁');
  expect(sparkline([], 8)).toBe('');
});
