import { expect, test } from 'vitest';
import type { Host } from '../../src/cli/host.ts';
import { progressView } from '../../src/cli/progress.ts';
import { displayWidth } from '../../src/report/printable.ts';

function drawn(subject: string, columns: number): string {
  let written = '';
  const stderr = { write: (text: string) => void (written += text), isTerminal: true, columns };
  const host = { stdout: stderr, stderr, env: {}, cwd: '/', signal: AbortSignal.abort() } satisfies Host;
  const progress = { title: 'Calling tools', subject, calls: 1200, done: 0.4, remainingMs: 31_000 };
  progressView(host, false).show(progress);
  // What erases the line before is ours.
  return written.replace('\r\u001B[2K', '');
}

test('the line of progress keeps within the terminal, whatever tools are called', () => {
  for (const name of ['search', 'x'.repeat(300), '検索して結果を全部返す'.repeat(9), '🔥👩‍👩‍👧‍👦'.repeat(40)])
    expect(displayWidth(drawn(name, 80))).toBeLessThanOrEqual(80);
  expect(drawn('search', 80)).toMatch(/Calling tools: search {2}1200 calls {2}≤ 31 s left$/);
});

test("a tool's name cannot steer the terminal", () => {
  expect(drawn('a\u001B[2J\u001B]0;owned\u0007b\r\nc\u202Ed', 80)).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
});
