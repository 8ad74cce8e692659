import { describe, expect, it } from 'vitest';
import { tellingLine, TextTail } from '../../src/session/text-tail.ts';

function tail(...chunks: string[]): readonly string[] {
  const kept = new TextTail();
  for (const chunk of chunks) kept.push(Buffer.from(chunk));
  return kept.lines();
}

describe('the tail of a stream', () => {
  it('holds the last 20 lines, also the one that is not ended yet', () => {
    const lines = tail(...Array.from({ length: 100 }, (_, i) => `line ${String(i)}\n`), 'open');
    expect(lines).toEqual([...Array.from({ length: 19 }, (_, i) => `line ${String(i + 81)}`), 'open']);
  });

  it('joins a line that came in pieces, and cuts what is endless', () => {
    expect(tail('a', 'b', 'c\n')).toEqual(['abc']);
    expect(tail(...Array.from({ length: 50 }, () => 'x'.repeat(100_000)))[0]?.length).toBe(500);
  });

  it('does not let the native stack of an abort push out why it was', () => {
    const frames = Array.from(
      { length: 40 },
      (_, i) => `${String(i + 1)}: 0xb76d${String(i)} node::Abort() [node]\n`,
    );
    expect(tail('FATAL ERROR: out of memory\n', ...frames)).toEqual(['FATAL ERROR: out of memory']);
  });

  it('shows no secrets', () => {
    expect(tail('api_key=abcdef123456\n')).toEqual(['api_key=***']);
  });
});

describe('the telling line', () => {
  it.each([
    [
      [
        'node:internal/modules/cjs/loader:1210',
        '  throw err;',
        '  ^',
        '',
        "Error: Cannot find module '/x.js'",
        '    at Module._resolve',
        '  code: 1',
        '}',
        'Node.js v20.20.2',
      ],
      "Error: Cannot find module '/x.js'",
    ],
    [['Uncaught TypeError: no', '    at f (x.js:1:2)'], 'Uncaught TypeError: no'],
    [['Usage: server [options]', '', '  --port N'], '--port N'],
    [
      [
        'Traceback (most recent call last):',
        '  File "x.py", line 1',
        'ModuleNotFoundError: No module named mcp',
      ],
      'ModuleNotFoundError: No module named mcp',
    ],
    [
      [
        '<--- Last few GCs --->',
        'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
        '----- Native stack trace -----',
        '',
        '10: readableAddChunkPushByteMode (node:internal/streams/readable:512:3)',
      ],
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    ],
    [['panic: nil map', '', 'goroutine 1 [running]:'], 'panic: nil map'],
  ])('of %j is %j', (lines, telling) => {
    expect(tellingLine(lines)).toBe(telling);
  });

  it('of nothing is nothing', () => {
    expect(tellingLine([])).toBeNull();
  });
});
