import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/evidence/index.ts';
import { openSession, TargetError } from '../../src/session/index.ts';
import { moduleTarget, open, valueOf } from './targets.ts';

describe('a module', { timeout: 90_000 }, () => {
  it.each([
    ['a factory of SDK v1, found by its usual name', 'v1-server.mjs', null, 'v1'],
    ['a factory of a low-level server', 'v1-server.mjs', 'lowLevel', 'v1'],
    ['a factory that wraps its server', 'v1-server.mjs', 'wrapped', 'v1'],
    ['a factory of SDK v2', 'v2-server.mjs', 'createServer', 'v2'],
    ['a handler of SDK v2', 'v2-server.mjs', 'handler', 'v2'],
    ['a default export', 'v2-server.mjs', 'default', 'v2'],
  ])('with %s is served', async (_what, file, exportName, name) => {
    const session = await open(moduleTarget(file, exportName));
    expect(session.serverInfo?.name).toBe(name);
    expect(await valueOf(session, 'add', { a: 1, b: 2 })).toBe(3);
  });

  it('in CommonJS, with exports that Node cannot foresee, is served', async () => {
    const session = await open(moduleTarget('common-server.cjs', 'createServer'), { era: '2025' });
    expect(session.serverInfo?.name).toBe('common');
  });

  it('with a handler of both eras speaks 2026, progress and questions included', async () => {
    const session = await open(moduleTarget('v2-server.mjs', 'handler'));
    expect(session.era).toBe('2026');
    const seen: unknown[] = [];
    await session.request(
      'tools/call',
      { name: 'progress', arguments: {} },
      { onProgress: (params) => seen.push(params['progress']) },
    );
    expect(seen).toEqual([1, 2, 3]);
    expect(await valueOf(session, 'confirm')).toMatchObject({ answer: { action: 'decline' } });
    expect(
      await session.request('tools/call', { name: 'never', arguments: {} }, { timeoutMs: 100 }),
    ).toMatchObject({ outcome: 'timeout' });
    await expect.poll(() => valueOf(session, 'pending')).toBe(0);
  });

  it('with a handler speaks 2025 when told to', async () => {
    const session = await open(moduleTarget('v2-server.mjs', 'handler'), { era: '2025' });
    expect(session.era).toBe('2025');
    expect(await valueOf(session, 'add', { a: 1, b: 2 })).toBe(3);
  });

  it('with a factory of SDK v2 speaks 2026 by itself, and 2025 when told to', async () => {
    const modern = await open(moduleTarget('v2-server.mjs', 'createServer'));
    expect(modern.era).toBe('2026');
    expect(await valueOf(modern, 'add', { a: 1, b: 2 })).toBe(3);
    const classic = await open(moduleTarget('v2-server.mjs', 'createServer'), { era: '2025' });
    expect(classic.era).toBe('2025');
    expect(await valueOf(classic, 'add', { a: 1, b: 2 })).toBe(3);
  });

  it('in TypeScript runs as it stands, through the project’s own tsx', async () => {
    expect((await open(moduleTarget('typed-server.ts'), { era: '2025' })).serverInfo?.name).toBe('v1');
  });
});

describe('a module that cannot be served is described in one sentence:', { timeout: 90_000 }, () => {
  it.each([
    ['a file that does not exist', 'missing.mjs', null, /The module .*missing\.mjs does not exist/],
    [
      'an export that does not exist',
      'v1-server.mjs',
      'nope',
      /v1-server\.mjs has no export "nope"; it exports createServer, lowLevel, wrapped\.$/,
    ],
    [
      'no export by a usual name',
      'broken-modules.mjs',
      null,
      /exports neither createServer nor a default; it exports nothing, throws: name one/,
    ],
    [
      'a factory that gives no server',
      'broken-modules.mjs',
      'nothing',
      /The export nothing of .* gives no MCP server/,
    ],
  ])('%s', async (_what, file, exportName, sentence) => {
    const failed = openSession(moduleTarget(file, exportName), { era: '2025' });
    await expect(failed).rejects.toThrow(UsageError);
    await expect(failed).rejects.toThrow(sentence);
  });

  it.each([
    [
      'a factory that throws',
      'broken-modules.mjs',
      'throws',
      /^The factory throws of .*broken-modules\.mjs threw: TypeError: no database/,
    ],
    [
      'a file that throws',
      'throws-on-import.mjs',
      null,
      /^Importing .*throws-on-import\.mjs failed: Error: not today/,
    ],
  ])('%s', async (_what, file, exportName, sentence) => {
    const failed = openSession(moduleTarget(file, exportName), { era: '2025' });
    await expect(failed).rejects.toThrow(TargetError);
    await expect(failed).rejects.toThrow(sentence);
  });
});
