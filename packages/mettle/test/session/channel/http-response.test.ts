import { describe, expect, it } from 'vitest';
import { EventReader, ResponseReader } from '../../../src/session/channel/http-response.ts';

interface Read {
  readonly status: number;
  readonly body: string;
}

function reading(): { readonly reader: ResponseReader; readonly read: Read[]; readonly broken: string[] } {
  const read: Read[] = [];
  const broken: string[] = [];
  let body = '';
  const reader = new ResponseReader({
    piece: (text) => (body += text),
    complete: ({ status }) => {
      read.push({ status, body });
      body = '';
    },
    broken: (why) => broken.push(why),
  });
  return { reader, read, broken };
}

const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"a":"b\r\n"}';
const CHUNKED =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\ntrailer: z\r\n\r\n';
const INTERIM = 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n';

describe('an HTTP/1.1 response', () => {
  const stream = PLAIN + CHUNKED + INTERIM + PLAIN;
  const expected = [
    { status: 200, body: '{"a":"b\r\n"}' },
    { status: 200, body: 'hello world' },
    { status: 204, body: '' },
    { status: 200, body: '{"a":"b\r\n"}' },
  ];

  it('is read however the bytes are cut', () => {
    for (const size of [1, 2, 3, 7, 16, 50, stream.length]) {
      const { reader, read, broken } = reading();
      for (let at = 0; at < stream.length; at += size) reader.push(stream.slice(at, at + size));
      expect(read).toEqual(expected);
      expect(broken).toEqual([]);
    }
  });

  it('may end with its connection', () => {
    const { reader, read } = reading();
    reader.push('HTTP/1.0 200 OK\r\n\r\nall of it');
    expect(read).toEqual([]);
    expect(reader.ended()).toBe(true);
    expect(read).toEqual([{ status: 200, body: 'all of it' }]);
  });

  it('is refused in one sentence when it is none', () => {
    const { reader, broken } = reading();
    reader.push('SSH-2.0-OpenSSH_9.2\r\n\r\n');
    expect(broken).toEqual(['it answered with something else than HTTP/1.1']);
  });
});

describe('an event stream', () => {
  const stream =
    ': ping\n\nid: 1\ndata: \n\nevent: message\r\ndata: {"a":\r\ndata: 1}\r\n\r\nevent: other\ndata: no\n\ndata: last\n\n';

  it('gives the data of its messages however the bytes are cut', () => {
    for (const size of [1, 2, 3, 5, 11, stream.length]) {
      const events: string[] = [];
      const reader = new EventReader((data) => events.push(data));
      for (let at = 0; at < stream.length; at += size) reader.push(stream.slice(at, at + size));
      expect(events).toEqual(['{"a":\n1}', 'last']);
    }
  });
});
