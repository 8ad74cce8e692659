import { describe, expect, it } from 'vitest';
import { SseParser, type ServerSentEvent } from '../../src/session/sse-parser.ts';

function parse(...chunks: (string | Buffer)[]): ServerSentEvent[] {
  const events: ServerSentEvent[] = [];
  const parser = new SseParser((event) => events.push(event));
  for (const chunk of chunks) parser.push(Buffer.from(chunk));
  return events;
}

const STREAM =
  '\uFEFF: a comment\nid: 1\nevent: note\ndata: first\ndata:  second\ndata\n\n\nretry: 5\n\ndata: {"ü":1}\n\n';
const EVENTS = [
  { type: 'note', data: 'first\n second\n', lastEventId: '1' },
  { type: 'message', data: '{"ü":1}', lastEventId: '1' },
];

describe('the event stream parser', () => {
  it('reads fields, comments, several data lines and the id', () => {
    expect(parse(STREAM)).toEqual(EVENTS);
  });

  it.each([['\r\n'], ['\r']])('reads %j as the end of a line', (end) => {
    expect(parse(STREAM.replaceAll('\n', end))).toEqual(EVENTS);
  });

  it('reads the same however the bytes are cut', () => {
    for (const text of [STREAM, STREAM.replaceAll('\n', '\r\n')]) {
      const bytes = Buffer.from(text);
      for (let cut = 1; cut < bytes.length; cut += 1)
        expect(parse(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(EVENTS);
      expect(parse(...Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(EVENTS);
    }
  });

  it('gives out nothing that its stream did not end', () => {
    expect(parse('data: x\n')).toEqual([]);
  });

  it('keeps the wait that a server asks for', () => {
    const parser = new SseParser(() => undefined);
    expect(parser.retryMs).toBeNull();
    parser.push(Buffer.from('retry: 250\nretry: soon\n'));
    expect(parser.retryMs).toBe(250);
  });
});
