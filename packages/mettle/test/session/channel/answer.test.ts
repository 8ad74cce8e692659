import { describe, expect, it } from 'vitest';
import { readAnswer, requestText, resultIdByForm, shown } from '../../../src/session/channel/answer.ts';

const ID = 1_000_000_007;

function idOf(text: string): number {
  return resultIdByForm(`xx${text}yy`, 2, 2 + text.length);
}

describe('an answer recognised by its form', () => {
  it.each([
    ['as SDK v1 and v2 write it', `{"result":{"content":[]},"jsonrpc":"2.0","id":${ID}}`],
    [
      'with the envelope first',
      `{"jsonrpc":"2.0","id":${ID},"result":{"content":[{"type":"text","text":"}"}]}}`,
    ],
  ])('is a result %s', (_, text) => {
    expect(idOf(text)).toBe(ID);
  });

  it.each([
    ['an error', `{"jsonrpc":"2.0","id":${ID},"error":{"code":-32603,"message":"no"}}`],
    ['an error, envelope last', `{"error":{"code":1,"message":"no"},"jsonrpc":"2.0","id":${ID}}`],
    ['a result that quotes an answer', `{"result":{"content":[]},"jsonrpc":"2.0","id":"${ID}"}`],
    ['an id of the session’s own', '{"result":{"content":[]},"jsonrpc":"2.0","id":12}'],
    ['half an answer', `{"jsonrpc":"2.0","id":${ID},"result":{"content":[`],
    ['a result that is no object', `{"jsonrpc":"2.0","id":${ID},"result":null}`],
    ['a notification', '{"jsonrpc":"2.0","method":"notifications/progress","params":{}}'],
  ])('is not %s', (_, text) => {
    expect(idOf(text)).toBe(-1);
  });
});

describe('an answer parsed in full', () => {
  it('tells successes from the tool’s own failures, and from errors and questions', () => {
    const end = (result: string): string | undefined =>
      readAnswer(`{"jsonrpc":"2.0","id":${ID},"result":${result}}`)?.end;
    expect(end('{"content":[]}')).toBe('ok');
    expect(end('{"content":[],"isError":false}')).toBe('ok');
    expect(end('{"content":[{"type":"text","text":"disk full"}],"isError":true}')).toBe('tool-error');
    expect(end('{"resultType":"input_required","inputRequests":{}}')).toBe('input-required');
    expect(end('7')).toBe('invalid-answer');
    expect(readAnswer(`{"jsonrpc":"2.0","id":${ID},"error":{"code":-32602,"message":"bad"}}`)).toEqual({
      id: ID,
      end: 'protocol-error',
      message: 'JSON-RPC -32602: bad',
    });
    expect(readAnswer('not JSON')).toBeNull();
    expect(readAnswer('{"jsonrpc":"2.0","method":"x"}')).toBeNull();
  });

  it('shows its texts as they were written, without secrets', () => {
    expect(shown(Buffer.from('schön', 'utf8').toString('latin1'))).toBe('schön');
    expect(shown('failed with token=abcdef123456')).toBe('failed with token=***');
  });
});

describe('a request’s text', () => {
  it('is ASCII, so that its characters are its bytes, and says the same', () => {
    const params = { name: 'größe', arguments: { text: '日本 \u{1F600} "q"' } };
    const { before, after } = requestText('tools/call', params);
    const text = `${before}1000000000${after}`;
    expect(text).toMatch(/^[\x20-\x7E]*$/);
    expect(JSON.parse(text)).toEqual({ jsonrpc: '2.0', id: 1_000_000_000, method: 'tools/call', params });
  });
});
