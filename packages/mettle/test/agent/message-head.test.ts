import { describe, expect, it } from 'vitest';
import { knownRequestHead, readRequestHead } from '../../src/agent/known-requests.ts';
import { HEAD_LENGTH, readMessageHead, subjectOf } from '../../src/agent/message-head.ts';

const call = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'search', arguments: { name: 'not me', method: 'nor me' } },
};

describe('the head of a message', () => {
  it('tells method and tool whatever the order of the keys', () => {
    const { jsonrpc, id, method, params } = call;
    for (const message of [
      call,
      { method, params, jsonrpc, id },
      { params: { arguments: params.arguments, name: params.name }, id, method },
    ]) {
      expect(readMessageHead(JSON.stringify(message))).toEqual({
        kind: 'request',
        method: 'tools/call',
        name: 'search',
      });
      expect(readMessageHead(JSON.stringify(message, null, 2))).toEqual({
        kind: 'request',
        method: 'tools/call',
        name: 'search',
      });
    }
  });

  it('needs only the beginning of a huge message', () => {
    const text = JSON.stringify({
      ...call,
      params: { name: 'big', arguments: { text: 'x"\\{'.repeat(100_000) } },
    }).slice(0, HEAD_LENGTH);
    expect(readMessageHead(text)).toMatchObject({ method: 'tools/call', name: 'big' });
  });

  it('says what it does not know when the name comes after what was cut', () => {
    const text = JSON.stringify({
      method: 'tools/call',
      params: { arguments: { text: 'y'.repeat(1_000) }, name: 'late' },
    });
    expect(readMessageHead(text.slice(0, 500))).toEqual({
      kind: 'request',
      method: 'tools/call',
      name: null,
    });
  });

  it('understands escapes and text that is not ASCII', () => {
    expect(readMessageHead('{"method":"tools\\/call","params":{"name":"caf\\u00e9 \\"x\\""}}')).toMatchObject(
      { method: 'tools/call', name: 'café "x"' },
    );
    expect(readMessageHead('{"method":"tools/call","params":{"name":"søk"}}').name).toBe('søk');
  });

  it('tells replies and batches from requests', () => {
    expect(readMessageHead('{"jsonrpc":"2.0","id":1,"result":{"method":"x"}}').kind).toBe('reply');
    expect(readMessageHead('{"jsonrpc":"2.0","id":1,"error":{"code":1}}').kind).toBe('reply');
    expect(readMessageHead(' [{"method":"x"}]').kind).toBe('batch');
  });

  it('survives what is no JSON', () => {
    for (const text of [
      '',
      '{',
      '{"method"',
      '{"method":',
      '{"method":"x',
      'hello',
      '{"params":{"name":',
      '{]',
      '{"a":]}',
    ])
      expect(readMessageHead(text).method).toBeNull();
  });
});

describe('the subject of a request', () => {
  it('is the tool, else the method, and notifications have none', () => {
    expect(subjectOf('tools/call', 'search')).toBe('search');
    expect(subjectOf('tools/call', null)).toBe('tools/call');
    expect(subjectOf('resources/read', 'x')).toBe('resources/read');
    expect(subjectOf('notifications/initialized', null)).toBeNull();
    expect(subjectOf(undefined, null)).toBeNull();
  });
});

describe('the head of requests that come again and again', () => {
  const text = (name: string, id: number | string, more: object = {}): string =>
    JSON.stringify({
      method: 'tools/call',
      params: { name, arguments: { id, ...more } },
      jsonrpc: '2.0',
      id,
    });
  const headOf = (message: string): unknown =>
    knownRequestHead(Buffer.from(message)) ?? readRequestHead(message);

  it('is what it would be if each were read anew', () => {
    for (let id = 0; id < 40; id++)
      for (const message of [
        // More ways of writing a request than are remembered; some names are the beginning of others.
        text(`tool-${'x'.repeat(id % 12)}`, id),
        text('tool', id, { name: 'other' }),
        text(`caf\u00e9 "${id}"`, id),
        text(`søk-${id}`, id),
        JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: `late-${id % 3}` } }),
        JSON.stringify({ jsonrpc: '2.0', id: `a${id}`, method: 'tools/call', params: { name: 'by text' } }),
        JSON.stringify({ jsonrpc: '2.0', id: `"${id}`, method: 'tools/call', params: { name: 'escaped' } }),
        JSON.stringify({ jsonrpc: '2.0', id: id - 0.5, method: 'tools/call', params: { name: 'fraction' } }),
        JSON.stringify({
          id,
          jsonrpc: '2.0',
          params: { arguments: { id }, name: 'x' },
          method: 'tools/call',
        }),
        JSON.stringify({ method: id % 2 ? 'tools/list' : 'tools/listed', jsonrpc: '2.0', id }),
        JSON.stringify({ params: { name: 'first', arguments: {} }, method: id % 2 ? 'a' : 'tools/call', id }),
        JSON.stringify({ result: {}, jsonrpc: '2.0', id }),
      ])
        expect(headOf(message)).toEqual(readMessageHead(message));
  });

  it('is known whatever the id and the name', () => {
    readRequestHead('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"one","arguments":{}}}');
    const known = (message: string): unknown => knownRequestHead(Buffer.from(message));
    expect(
      known('{"jsonrpc":"2.0","id":20,"method":"tools/call","params":{"name":"two","arguments":{}}}'),
    ).toEqual({ kind: 'request', method: 'tools/call', name: 'two' });
    expect(known('{"jsonrpc":"2.0","id":20,"method":"tools/calls","params":{"name":"two"}}')).toBeNull();
    expect(known('{"jsonrpc":"2.0","id":20.5,"method":"tools/call","params":{"name":"two"}}')).toBeNull();
  });

  it('is not told of a message that was cut before its name', () => {
    const [beforeName, withinName] = [
      '{"method":"tools/call","params":{"na',
      '{"method":"tools/call","params":{"name":"cu',
    ];
    for (const message of [text('cut', 1), beforeName, withinName, text('cut', 2)])
      expect(headOf(message)).toEqual(readMessageHead(message));
  });
});
