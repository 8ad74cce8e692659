import { expect, it } from 'vitest';
import { largeJsonStringify } from '../../../src/detect/detectors/large-json-stringify.ts';
import { profiled } from '../../builders/profiled.ts';

const HANDLER = ['exportAll@@src/tools.js:10'];

it('names the line on which a call writes for long', () => {
  const told = profiled()
    .tool('export', 20)
    .spends(30, HANDLER, { line: 14 })
    .source('src/tools.js', 14, '  return JSON.stringify(entries);');
  const [finding] = largeJsonStringify.detect(told.evidence());
  expect(finding?.title).toBe(
    '`export` spends 30 ms per call (100 % of its time on the main thread) writing JSON, at src/tools.js:14',
  );
  expect(finding?.fix).toContain('Write the text once');
});

it('says that the answer is large when it is the SDK that writes it', () => {
  const told = profiled()
    .tool('export', 20)
    .spends(30, ['serialize@@node_modules/@modelcontextprotocol/sdk/stdio.js:37'], { line: 38 })
    .source('node_modules/@modelcontextprotocol/sdk/stdio.js', 38, "return JSON.stringify(message) + '\\n';");
  expect(largeJsonStringify.detect(told.evidence())[0]?.fix).toContain('The answer itself is large');
});

it('is silent about an ordinary answer', () => {
  const told = profiled()
    .tool('export', 20)
    .spends(1, HANDLER, { line: 14 })
    .spends(9, ['score@@src/score.js:3'])
    .source('src/tools.js', 14, 'JSON.stringify(rows)');
  expect(largeJsonStringify.detect(told.evidence())).toEqual([]);
});
