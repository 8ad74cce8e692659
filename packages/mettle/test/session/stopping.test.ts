import { describe, expect, it, vi } from 'vitest';
import { killAllStarted, openSession } from '../../src/session/index.ts';
import { isRunning, open, openRaw, stdio, valueOf } from './targets.ts';

describe('a session that is closed', { timeout: 30_000 }, () => {
  it('ends a server that ends with its stdin, by that alone', async () => {
    const session = await openRaw();
    await session.close();
    expect(session.process?.exit).toMatchObject({ code: 0, signal: null });
  });

  it('ends a server that heeds neither stdin nor SIGTERM', async () => {
    const session = await openRaw('stubborn');
    await session.close();
    expect(session.process?.exit).toMatchObject({ signal: 'SIGKILL' });
  });

  it('ends the children of a wrapper', async () => {
    const spec = stdio('raw-server.mjs');
    const session = await open(
      { ...spec, command: ['sh', '-c', `"$0" "$1" stubborn; true`, ...spec.command] },
      { era: '2025' },
    );
    await session.close();
    const pid = session.process?.pid ?? 0;
    expect(isRunning(-pid)).toBe(false);
  });

  it.runIf(process.platform === 'linux')(
    'ends children that ignore signals, also one that left the group',
    async () => {
      const session = await openRaw('family');
      const family = (await valueOf(session, 'family')) as number[];
      expect(family.every(isRunning)).toBe(true);
      await session.close();
      expect(family.map(isRunning)).toEqual([false, false]);
    },
  );

  it('may be closed twice, and at once', async () => {
    const session = await openRaw();
    await Promise.all([session.close(), session.close()]);
    await session.close();
    await session.process?.stop();
    expect(session.process?.exit?.code).toBe(0);
  });

  it('answers requests that come too late as lost', async () => {
    const session = await openRaw();
    await session.close();
    expect(await session.request('ping')).toMatchObject({ outcome: 'lost' });
  });
});

describe('killAllStarted', () => {
  it.runIf(process.platform === 'linux')('kills at once whatever still runs', async () => {
    const { session } = await openSession(stdio('raw-server.mjs', 'stubborn', 'family'), { era: '2025' });
    const family = (await valueOf(session, 'family')) as number[];
    killAllStarted();
    await session.process?.exited;
    expect(session.process?.exit).toMatchObject({ signal: 'SIGKILL' });
    // Each dies when the kernel next comes to it, in no order.
    await vi.waitFor(() => expect(family.map(isRunning)).toEqual([false, false]), { timeout: 10_000 });
  });
});
