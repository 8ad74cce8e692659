import { describe, expect, it } from 'vitest';
import { ANCHOR, rewriteLoaded, rewriteSdk } from '../../src/agent/sdk-rewrite.ts';

describe('rewriting the SDK', () => {
  it('adds a call at the top of the dispatch method, minified or not', () => {
    for (const source of [
      'class P{_onrequest(request, extra) {return request}}',
      'class P{_onrequest(e){return e}}',
      'class P{ _onrequest ( $a , b ) {return $a}}',
    ]) {
      const heard: unknown[] = [];
      const rewritten = rewriteSdk(source, 'file:///sdk.js') ?? '';
      const self = { [ANCHOR]: (...args: unknown[]) => heard.push(args) };
      const P = new Function('globalThis', `${rewritten}; return P`)(self) as new () => {
        _onrequest(r: unknown): unknown;
      };
      const protocol = new P();
      expect(protocol._onrequest('it')).toBe('it');
      expect(heard).toEqual([[protocol, 'it', 'file:///sdk.js']]);
    }
  });

  it('leaves calls, other names and other files alone', () => {
    expect(rewriteSdk('this._onrequest(message, extra);{}', 'x')).toBeNull();
    expect(rewriteSdk('class A{ my_onrequest(a){} }', 'x')).toBeNull();
    expect(rewriteLoaded(Buffer.from('const a = 1'), 'x')).toBeNull();
    expect(rewriteLoaded(null, 'x')).toBeNull();
  });

  it('does not rewrite twice', () => {
    const once = rewriteSdk('class P{_onrequest(a,b){}}', 'x') ?? '';
    expect(rewriteSdk(once, 'x')).toBeNull();
  });
});
