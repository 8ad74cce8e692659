import { describe, expect, it } from 'vitest';
import { failedDriver, failingDriver } from '../../../src/load/leak/drivers.ts';
import type { CallSource } from '../../../src/load/index.ts';
import type { Reply, Session } from '../../../src/session/index.ts';

const source: CallSource = {
  subject: { name: 'echo', kind: 'tool' },
  weight: 1,
  call: () => ({ method: 'tools/call', params: { name: 'echo', arguments: { text: 'a' } } }),
};
const answering = (reply: unknown) => ({
  session: { request: () => Promise.resolve(reply as Reply) } as unknown as Session,
  signal: new AbortController().signal,
  callTimeoutMs: 1000,
});
const answered = { outcome: 'result', result: { content: [] } };

describe('a call with arguments that no schema allows', () => {
  it('has gone wrong when a tool that does not check its arguments answers it', async () => {
    expect(await failedDriver(source, answering(answered)).run('fresh', 1000)).toBe('it was answered');
  });

  it('may be answered where it is one of the calls of a life', async () => {
    const driver = failedDriver(source, answering(answered), { mayBeAnswered: true });
    expect(await driver.run('fresh', 1000)).toBeNull();
  });

  it('has gone wrong in a life, too, when nothing came back', async () => {
    const lost = answering({ outcome: 'lost', message: 'the connection is gone' });
    expect(await failedDriver(source, lost, { mayBeAnswered: true }).run('fresh', 1000)).toBe(
      'the connection is gone',
    );
  });
});

describe('a call that fails as it is', () => {
  it('is as it is meant to be, and says with what it failed', async () => {
    const refused = {
      outcome: 'result',
      result: { isError: true, content: [{ type: 'text', text: 'no page a' }] },
    };
    const driver = failingDriver(source, answering(refused));
    expect(driver.failsWith?.()).toBeNull();
    expect(await driver.run('fresh', 1000)).toBeNull();
    expect(driver.failsWith?.()).toBe('no page a');
  });

  it('has gone wrong when it is answered', async () => {
    const driver = failingDriver(source, answering(answered));
    expect(await driver.run('fresh', 1000)).toBe('it was answered');
    expect(driver.failsWith?.()).toBeNull();
  });
});
