import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { isAlive, lookAtProcess } from '../../src/session/running-process.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(() => {
  for (const undo of cleanUp.splice(0)) undo();
});

async function running(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = spawn(process.execPath, [...args, '-e', 'console.log(1); setInterval(() => {}, 1000)'], {
    env: { ...process.env, ...env },
  });
  cleanUp.push(() => child.kill('SIGKILL'));
  // It speaks once Node.js listens to signals.
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

describe('a running Node.js process', () => {
  test.each([
    [[], {}, 9229],
    [['--inspect-port=0'], {}, 0],
    [['--inspect-port=127.0.0.1:9300'], {}, 9300],
    [[], { NODE_OPTIONS: '--no-warnings --inspect-port=9400' }, 9400],
    [['--inspect-port=9500'], { NODE_OPTIONS: '--inspect-port=9400' }, 9500],
  ])('with %j and %j would open its inspector at %i', async (args, env, inspectorPort) => {
    const pid = await running(args, env);
    expect(lookAtProcess(pid)).toMatchObject({ pid, ownPid: pid, inspectorPort });
  });

  test('that has ended but was not fetched by its parent is not alive', async () => {
    // The shell becomes `sleep`, which never asks for the child it has inherited.
    const parent = spawn('sh', ['-c', `${process.execPath} -e 0 & echo $!; exec sleep 60`]);
    cleanUp.push(() => parent.kill('SIGKILL'));
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(text.toString());
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});
