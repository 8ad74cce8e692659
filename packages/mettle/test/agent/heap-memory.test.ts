import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMemory } from '../../src/agent/heap-memory.ts';

const kernelTells = existsSync(`/proc/self/task/${process.pid}/children`);

describe('what is open, besides memory', () => {
  it.runIf(kernelTells)('counts child processes that are not to keep the process alive', async () => {
    const count = async (): Promise<number> => (await readMemory()).resources['ProcessWrap'] ?? 0;
    const before = await count();
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    child.unref();
    await once(child, 'spawn');
    try {
      expect(await count()).toBe(before + 1);
    } finally {
      child.stdin.end();
      await once(child, 'close');
    }
    expect(await count()).toBe(before);
  });
});
