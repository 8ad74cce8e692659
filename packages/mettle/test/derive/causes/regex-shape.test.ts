import { describe, expect, it } from 'vitest';
import { regexShape } from '../../../src/derive/causes/regex-shape.ts';

describe('a pattern', () => {
  it.each([
    String.raw`^(\w+\s?)*$`,
    String.raw`(a+)+$`,
    String.raw`(a|a)*b`,
    String.raw`(x+x+)+y`,
    String.raw`^(?:[a-z]+|[a-z0-9]+)*!`,
    // A published one for e-mail addresses.
    String.raw`^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$`,
  ])('that can split one text in several ways is exponential: %s', (source) => {
    expect(regexShape(source)).toBe('exponential');
  });

  it.each([String.raw`\s+$`, String.raw`^\s+|\s+$`, String.raw`(.*),(.*);`, String.raw`^\d+\d*x`])(
    'in which two repetitions share a text, or one is tried from everywhere, is polynomial: %s',
    (source) => {
      expect(regexShape(source)).toBe('polynomial');
    },
  );

  it.each([
    String.raw`^(?:\w+(?:\s\w+)*\s?)?$`,
    String.raw`^[^@\s]+@[^@\s]+$`,
    String.raw`^(\.\w+)*$`,
    String.raw`^(a+b)*$`,
    String.raw`^\d{4}-\d\d-\d\d$`,
    String.raw`^(?<year>\d{4})(?=-)`,
    String.raw`\w+`,
    String.raw`^[\]\-a-f\\]+\/$`,
    ',',
  ])('with one way to match is linear: %s', (source) => {
    expect(regexShape(source)).toBe('linear');
  });

  it.each([String.raw`(\w)\1`, '(', '*a'])('that the reader does not know is unknown: %s', (source) => {
    expect(regexShape(source)).toBe('unknown');
  });
});
