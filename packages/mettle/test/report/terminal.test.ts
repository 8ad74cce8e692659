import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { displayWidth } from '../../src/report/printable.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import type { TerminalOptions } from '../../src/report/terminal.ts';
import { bundle, finding, found, frame, passedOver, result, toolResult } from './builders.ts';
import { sampleBundle, sampleResult, SOURCE } from './sample.ts';

const plain: TerminalOptions = { color: false, width: 80 };
const readSource = (file: string): string | null => (file.endsWith('derive-key.ts') ? SOURCE : null);

function widest(text: string): number {
  return Math.max(...text.split('\n').map(displayWidth));
}

describe('at 80 columns without colour', () => {
  test('a sick server reads as in the golden text', async () => {
    const text = renderTerminal(sampleResult, sampleBundle, {
      ...plain,
      readSource,
      reportPath: 'mettle-report/report.html',
      bundlePath: 'mettle-report',
    });
    await expect(text).toMatchFileSnapshot('../golden/report-terminal-sick.txt');
  });

  test('a healthy server reads as in the golden text', async () => {
    const healthy = result({ tools: [toolResult({ name: 'search', overlap: 8 })] });
    await expect(renderTerminal(healthy, bundle(), plain)).toMatchFileSnapshot(
      '../golden/report-terminal-healthy.txt',
    );
  });

  test('a server that could not be reached reads as in the golden text', async () => {
    const { target } = result();
    const unreachable = finding({
      id: 'unreachable',
      tool: undefined,
      location: undefined,
      severity: 'critical',
      title: 'The server exited with code 1 before it answered initialize',
      evidence: [
        {
          kind: 'transcript',
          title: 'Its last lines on stderr',
          lines: ["Error: Cannot find module './db.js'", 'Require stack:', '- /srv/app/server.js'],
        },
      ],
      cost: { value: 1, unit: 'failed start', per: 'run' },
      fix: 'Start it by hand with the same command and mend what it prints.',
    });
    const skipped = { status: 'skipped', why: 'the server was not reached' } as const;
    const text = renderTerminal(
      result(
        {
          target: { ...target, server: null, sdk: null, protocolVersion: null, era: null, node: null },
          findings: [unreachable],
        },
        {
          cpu: skipped,
          latency: skipped,
          leak: skipped,
          serialisation: skipped,
          race: skipped,
          overload: skipped,
          regression: skipped,
          protocol: found(unreachable),
        },
      ),
      bundle(),
      plain,
    );
    await expect(text).toMatchFileSnapshot('../golden/report-terminal-unreachable.txt');
  });

  test('no line is wider, whatever the target calls its tools and files', () => {
    const names = [
      '検索して結果を全部返すとても長い名前のツール',
      '🔥👩‍👩‍👧‍👦🇨🇭'.repeat(12),
      'x'.repeat(300),
      'e\u0301'.repeat(120),
      'a b '.repeat(60),
    ];
    for (const name of names) {
      const file = `/srv/${name.replaceAll(' ', '_')}/deep/handler.ts`;
      const sick = finding({
        tool: name,
        title: `${name} is slow at ${file}:12:20.`,
        location: { file, line: 12, column: 20, function: name },
        evidence: [
          {
            kind: 'stack',
            title: name,
            frames: [frame(name, file, 12, 20), frame(name, 'node:internal/timers')],
          },
          { kind: 'retaining-path', title: name, steps: [name] },
          { kind: 'interleaving', title: name, lanes: [name], steps: [{ lane: 0, text: name }] },
          { kind: 'transcript', title: name, lines: [name] },
        ],
        fix: name,
      });
      const tools = [
        toolResult({
          name,
          calls: 12_345_678,
          latencyMs: { p50: 12_345, p95: 23_456, p99: 59_999, max: 60_000 },
        }),
        passedOver(name, name),
      ];
      const text = renderTerminal(
        result(
          { findings: [sick], tools, notes: [name] },
          { cpu: found(sick), leak: { status: 'skipped', why: name } },
        ),
        bundle(),
        plain,
      );
      expect(text.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
      expect(text).toContain('/deep/handler.ts:12:20');
    }
  });
});

test('without colour there is no escape sequence; with it the words stay the same', () => {
  const bare = renderTerminal(sampleResult, sampleBundle, plain);
  const coloured = renderTerminal(sampleResult, sampleBundle, { color: true, width: 80 });
  expect(bare).not.toContain('\u001b');
  expect(coloured).toContain('\u001b[31m');
  expect(stripVTControlCharacters(coloured)).toBe(bare);
});

test('links lead to the file and its line, and add nothing visible', () => {
  const text = renderTerminal(sampleResult, sampleBundle, { ...plain, hyperlinks: true });
  expect(text).toContain(
    '\u001b]8;;file:///srv/app/src/crypto/derive-key.ts#L6\u001b\\src/crypto/derive-key.ts:6:10\u001b]8;;\u001b\\',
  );
  expect(stripVTControlCharacters(text)).toBe(renderTerminal(sampleResult, sampleBundle, plain));
});

test('a name cannot steer the terminal', () => {
  const evil = 'a\u001b[2J\u001b]0;owned\u0007b\r\nc\u202ed\u009b31m';
  const sick = finding({ tool: evil, title: evil, fix: evil, verify: { command: evil, expect: evil } });
  const text = renderTerminal(
    result({ findings: [sick], tools: [toolResult({ name: evil })], notes: [evil] }, { cpu: found(sick) }),
    bundle(),
    plain,
  );
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
});

test('a long command is broken so that a shell still reads the same words', () => {
  const command = `mettle check --tool append_note --env 'NOTE=two words' --header "K: V" --cwd ${'/very/long'.repeat(5)} -- node server.js`;
  const sick = finding({ verify: { command, expect: 'clear' } });
  const text = renderTerminal(result({ findings: [sick] }, { cpu: found(sick) }), bundle(), plain);
  const printed = /verify {2}((?:.* \\\n)*.*)/.exec(text)?.[1] ?? '';
  expect(printed).toContain('\\\n');
  expect(printed.replace(/ \\\n +/g, ' ')).toBe(command);
  expect(widest(text)).toBeLessThanOrEqual(80);
});

test('findings of one tool at one line are told once, the gravest in full', () => {
  const low = finding({ id: 'latency-tail', severity: 'low', title: 'tail' });
  const main = finding({ severity: 'critical', title: 'blocks' });
  const elsewhere = finding({
    id: 'regex-backtracking',
    location: { file: '/srv/app/src/other.ts', line: 3 },
  });
  const text = renderTerminal(result({ findings: [low, elsewhere, main] }), bundle(), plain);
  expect(text).toMatch(/1\. CRITICAL {2}blocks\n[^]*also {4}latency-tail \(low\): tail\n\n2\. HIGH/);
  expect(text).toContain('3 findings (1 critical, 1 high, 1 low) at 2 places');
});

test('a finding is told with the one that names its cause, though they point at different lines', () => {
  const block = finding({ title: 'blocks', causedBy: ['beef'] });
  const cause = finding({
    id: 'large-json-parse',
    fingerprint: 'beef',
    title: 'parses',
    location: { file: '/srv/app/src/read.ts', line: 3 },
  });
  const text = renderTerminal(result({ findings: [block, cause] }), bundle(), plain);
  expect(text).toMatch(/1\. HIGH {2}parses\n[^]*also {4}blocked-event-loop \(high\): blocks\n/);
  expect(text).toContain('2 findings (2 high) at 1 place');
});

test('findings without a line stand alone', () => {
  const one = finding({ location: undefined, title: 'one' });
  const two = finding({ location: undefined, title: 'two' });
  expect(renderTerminal(result({ findings: [one, two] }), bundle(), plain)).toMatch(
    /1\. HIGH {2}one[^]*2\. HIGH {2}two/,
  );
});

test('a server that lies in node_modules itself keeps its own frames', () => {
  const at = { file: '/home/u/.npm/_npx/1/node_modules/@scope/server/dist/a.js', line: 3 };
  const frames = [
    frame('work', at.file, 3, 1),
    frame('parse', '/home/u/.npm/_npx/1/node_modules/zod/index.js', 9, 1),
    frame('inner', '/home/u/.npm/_npx/1/node_modules/zod/core.js', 1, 1),
  ];
  const sick = finding({ location: at, evidence: [{ kind: 'stack', title: 's', frames }] });
  const text = renderTerminal(result({ findings: [sick] }), bundle(), plain);
  expect(text).toMatch(/work .*server\/dist\/a\.js:3:1/);
  expect(text).toContain('zod, 1 more inside');
});

test('paths inside the folder are shown from there, others in full', () => {
  const sick = finding({ location: { file: 'file:///srv/app/src/a%20b.ts', line: 2 } });
  const given = result({ findings: [sick] });
  expect(renderTerminal(given, bundle(), { ...plain, cwd: '/srv/app' })).toContain('  src/a b.ts:2');
  expect(renderTerminal(given, bundle(), { ...plain, cwd: '/srv/ap' })).toContain('  /srv/app/src/a b.ts:2');
});

test('a hundred tools are cut to the slowest', () => {
  const tools = Array.from({ length: 100 }, (_, i) =>
    toolResult({ name: `tool-${i}`, latencyMs: { p50: i, p95: i, p99: i, max: i } }),
  );
  const text = renderTerminal(result({ tools }), bundle(), plain);
  expect(text).toContain('tool-99 ');
  expect(text).not.toContain('tool-12 ');
  expect(text).toContain('… 70 more, all faster');
});
