import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openAgentChannel } from '../../src/collect/index.ts';

describe.skipIf(process.platform === 'win32')('the folder of the agents’ socket', () => {
  it('goes with an end of Mettle’s at any moment, also while it is being closed', async () => {
    const before = process.listeners('exit');
    const channel = await openAgentChannel();
    const atExit = process.listeners('exit').find((listener) => !before.includes(listener));
    const folder = dirname(channel.socketPath);
    expect({ is: existsSync(folder), atExit }).toEqual({ is: true, atExit: expect.any(Function) });
    const closing = channel.close();
    while (existsSync(folder)) {
      expect(process.listeners('exit'), 'while there is something to remove').toContain(atExit);
      await turn();
    }
    await closing;
    expect(process.listeners('exit')).not.toContain(atExit);
  });
});
