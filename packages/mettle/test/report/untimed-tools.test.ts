import { expect, test } from 'vitest';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { CHECKS } from '../../src/evidence/index.ts';
import type { Check, Verdict } from '../../src/evidence/index.ts';
import { bundle, result, toolResult } from './builders.ts';

const { target } = result();
/** As of a saved run: nobody looked inside the server, and what was measured is told elsewhere. */
const untimed = result({
  target: { ...target, sdk: null, node: null },
  tools: [
    toolResult({
      name: 'search',
      calls: 343,
      latencyMs: null,
      cpuMsPerCall: null,
      maxBlockMs: null,
      retainedBytesPerCall: null,
      overlap: null,
    }),
  ],
});
const options = { color: false, width: 80 };

test('what was called and not timed is told by its calls, without columns that are empty', () => {
  const terminal = renderTerminal(untimed, bundle(), options);
  expect(terminal).toMatch(/^ +calls +err$/m);
  expect(terminal).toMatch(/^ {2}search +343 +0$/m);
  expect(terminal).not.toContain('Times in ms');
  expect(renderMarkdown(untimed, bundle())).not.toContain('p99 ms');
  const html = renderHtml(untimed, bundle());
  expect(html).toContain('>Errors</th>');
  expect(html).not.toContain('>p99</th>');
});

test('of a server that nobody looked into it is not said that its SDK is unknown', () => {
  expect(renderTerminal(untimed, bundle(), options)).not.toContain('not recognised');
  const looked = result({ target: { ...target, sdk: null } });
  expect(renderTerminal(looked, bundle(), options)).toContain('SDK not recognised');
});

test('of a run in which everything was skipped is not said that it found nothing', () => {
  const skipped = Object.fromEntries(
    CHECKS.map((check): [Check, Verdict] => [check, { status: 'skipped', why: 'not part of this command' }]),
  );
  expect(renderTerminal(result({}, skipped), bundle(), options)).toContain(
    'Nothing was judged: all 8 failure modes were skipped.',
  );
});
