import { describe, expect, it } from 'vitest';
import { compileTemplate } from '../../src/load/template.ts';

const setting = { directory: '/copy', seed: 1 };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a template', () => {
  it('fills the call number, the directory and a UUID wherever a string holds them', () => {
    const template = compileTemplate(
      { name: 'n{i}-{i}', paths: ['{dir}/a', 7, null], deep: { id: '{uuid}' }, same: true },
      setting,
    );
    expect(template.render(3)).toEqual({
      name: 'n3-3',
      paths: ['/copy/a', 7, null],
      deep: { id: expect.stringMatching(UUID) },
      same: true,
    });
  });
  it('leaves other braces alone', () => {
    const value = { query: '{"i": 1} {I} {j} {{x}}' };
    expect(compileTemplate(value, setting).render(1)).toBe(value);
  });
  it('gives other UUIDs within a call, for another call and for another seed, and the same for the same', () => {
    const pair = compileTemplate(['{uuid}', '{uuid}'], setting);
    const [a, b] = pair.render(1) as [string, string];
    expect(a).not.toBe(b);
    expect(pair.render(2)).not.toContain(a);
    expect(compileTemplate(['{uuid}', '{uuid}'], { ...setting, seed: 2 }).render(1)).not.toContain(a);
    expect(compileTemplate(['{uuid}', '{uuid}'], setting).render(1)).toEqual([a, b]);
  });
  it('does not take a directory with a dollar sign for a pattern', () => {
    expect(compileTemplate('{dir}', { directory: '/a$&b', seed: 1 }).render(0)).toBe('/a$&b');
  });
  it('costs nothing where nothing varies: the value itself is handed out', () => {
    const value = { a: [1, { b: 'c' }] };
    expect(compileTemplate(value, setting).render(5)).toBe(value);
  });
});
