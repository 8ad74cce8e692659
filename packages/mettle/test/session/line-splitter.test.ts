import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../src/session/line-splitter.ts';

function split(chunks: readonly Buffer[], maxBytes?: number): { lines: string[]; overlong: number } {
  const lines: string[] = [];
  let overlong = 0;
  const splitter = new LineSplitter(
    (line) => lines.push(line.toString('utf8')),
    () => (overlong += 1),
    maxBytes,
  );
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return { lines, overlong };
}

describe('the line splitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const bytes = Buffer.from('{"ü":1}\n\n{"b":2}\r\nlast');
    const lines = ['{"ü":1}', '', '{"b":2}\r', 'last'];
    expect(split([bytes]).lines).toEqual(lines);
    for (let cut = 1; cut < bytes.length; cut += 1)
      expect(split([bytes.subarray(0, cut), bytes.subarray(cut)]).lines).toEqual(lines);
  });

  it('drops a line that is too long, says so once, and goes on with the next', () => {
    expect(split([Buffer.from('aaaa'), Buffer.from('bbbb'), Buffer.from('cc\nok\n')], 6)).toEqual({
      lines: ['ok'],
      overlong: 1,
    });
  });

  it('copies each byte of a long line once, not once per chunk', () => {
    const chunk = Buffer.alloc(16 * 1024, 'x');
    const concat = Buffer.concat;
    let copied = 0;
    Buffer.concat = (list, length) => {
      copied += length ?? 0;
      return concat(list, length);
    };
    try {
      split([...Array.from({ length: 1000 }, () => chunk), Buffer.from('\n')]);
    } finally {
      Buffer.concat = concat;
    }
    expect(copied).toBe(1000 * chunk.length);
  });
});
