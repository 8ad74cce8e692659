import { expect, it } from 'vitest';
import { largeJsonParse } from '../../../src/detect/detectors/large-json-parse.ts';
import { profiled } from '../../builders/profiled.ts';

const HANDLER = ['find@@src/tools.js:10'];
const parsing = (ms: number, calls = 20) =>
  profiled()
    .tool('find', calls)
    .spends(ms, HANDLER, { line: 12 })
    .source('src/tools.js', 12, '  const items = JSON.parse(text);');

it('names the line on which a call parses for long', () => {
  const [finding] = largeJsonParse.detect(parsing(50).evidence());
  expect(finding?.title).toBe(
    '`find` spends 50 ms per call (100 % of its time on the main thread) parsing JSON, at src/tools.js:12',
  );
  expect(finding).toMatchObject({
    tool: 'find',
    severity: 'high',
    confidence: 'measured',
    location: { line: 12, function: 'find' },
    cost: { value: 50, unit: 'ms CPU', per: 'call' },
  });
  expect(finding?.fix).toContain('Parse it once');
  expect(finding?.verify.command).toBe(
    'npx mettle check --tool find --fail-on large-json-parse -- node src/server.js',
  );
});

it('says what is to be done when it is the SDK that parses a large message', () => {
  const told = profiled()
    .tool('import_rows', 10)
    .spends(30, ['deserialize@@node_modules/@modelcontextprotocol/sdk/stdio.js:34'], { line: 35 })
    .source('node_modules/@modelcontextprotocol/sdk/stdio.js', 35, 'return JSON.parse(line);');
  expect(largeJsonParse.detect(told.evidence())[0]?.fix).toContain('ask for less at a time');
});

it('counts parsing in node:internal/deps/undici, which response.json() ends in', () => {
  const told = profiled()
    .tool('fetch', 10)
    .spends(20, ['parseJSONFromBytes@@node:internal/deps/undici/undici:6000']);
  expect(largeJsonParse.detect(told.evidence())).toHaveLength(1);
});

it.each([
  ['small JSON beside other work', parsing(1).spends(20, ['score@@src/score.js:3'])],
  ['a tool that was called once', parsing(80, 1)],
  [
    'what only the first call parses',
    profiled()
      .tool('find', 20)
      .spends(80, HANDLER, { line: 12, times: 1 })
      .source('src/tools.js', 12, 'JSON.parse(text)'),
  ],
  [
    'a single sample that stands for a pause',
    profiled()
      .tool('find', 20)
      .spends(30, HANDLER, { line: 12, everyMs: 30, times: 3 })
      .spends(200, ['score@@src/score.js:3'])
      .source('src/tools.js', 12, 'JSON.parse(text)'),
  ],
  [
    'a line that only speaks of it',
    profiled()
      .tool('find', 20)
      .spends(50, HANDLER, { line: 12 })
      .source('src/tools.js', 12, '  total += 1; // was JSON.parse(text)'),
  ],
  ['a line whose text is not to be had', profiled().tool('find', 20).spends(50, HANDLER, { line: 12 })],
])('is silent about %s', (_what, told) => {
  expect(largeJsonParse.detect(told.evidence())).toEqual([]);
});

it('says in figures what it looked at, and what it could not read', () => {
  expect(largeJsonParse.looked(parsing(2).evidence())).toBe(
    '40 samples of the main thread in 20 calls: no named cause takes 5 ms of a call',
  );
  expect(
    largeJsonParse.looked(
      profiled().tool('find', 20).spends(50, HANDLER, { line: 12 }).unreadable('src/tools.js').evidence(),
    ),
  ).toContain('(100 % of the time in code that is generated or could not be read)');
});
