import { describe, expect, it } from 'vitest';
import type { ToolInfo } from '../../src/evidence/index.ts';
import { namesakes } from '../../src/load/index.ts';

const ACCOUNTS = { type: 'string', enum: ['giro', 'savings', 'shares'] };
const TEXT = { type: 'string' };

function toolOf(properties: Record<string, unknown>): ToolInfo {
  const inputSchema = { type: 'object', properties, required: Object.keys(properties) };
  return { name: 'transfer', inputSchema, annotations: {} } as unknown as ToolInfo;
}

function made(properties: Record<string, unknown>, number: number): Readonly<Record<string, unknown>> {
  return namesakes(toolOf(properties), { seed: 1, directory: '/nowhere' })?.(number) ?? {};
}

describe('the arguments of numbered calls', () => {
  it('name the same thing by the same number, and another by another', () => {
    expect(made({ id: TEXT }, 3)).toEqual(made({ id: TEXT }, 3));
    expect(made({ id: TEXT }, 3)).not.toEqual(made({ id: TEXT }, 4));
  });

  it.each([
    ['free texts', { from: TEXT, to: TEXT }],
    ['listed values', { from: ACCOUNTS, to: ACCOUNTS }],
    ['listed values under other words', { payer: ACCOUNTS, payee: ACCOUNTS }],
    ['twins that differ in their last letter', { accountA: ACCOUNTS, accountB: ACCOUNTS }],
    ['twins that differ in their number', { user_1: TEXT, user_2: TEXT }],
  ])('send by two neighbours there and back, between %s', (_what, properties) => {
    for (const number of [0, 10]) {
      const there = Object.values(made(properties, number));
      const back = Object.values(made(properties, number + 1));
      expect(back).toEqual([there[1], there[0]]);
      expect(there[0]).not.toBe(there[1]);
    }
  });

  it('leave a listed value alone that nothing comes from or goes to', () => {
    const mode = { type: 'string', enum: ['fast', 'thorough'] };
    expect(made({ mode, id: TEXT }, 0)['mode']).toBe(made({ mode, id: TEXT }, 1)['mode']);
  });
});
