import { describe, expect, it } from 'vitest';
import { sessionLeak } from '../../../src/detect/detectors/session-leak.ts';
import { leakRun, type Grows } from '../../builders/heap.ts';
import { leaksFound, onlyFinding } from './every-pattern.ts';

const SESSION: Grows = { bytesPerCall: 60_000, objectsPerCall: 1, at: 'src/http.js:18' };

describe('session-leak', () => {
  it('is what sessions leave behind that nobody ends', () => {
    const told = leakRun()
      .calls('note')
      .calls('session', 'ended')
      .calls('session', 'abandoned')
      .grows(SESSION);
    const finding = onlyFinding(told);
    expect(finding.title).toBe(
      'The server keeps in the Map `sessions` what belongs to each session that its client leaves, and never lets go of it: 58.6 KiB per session, at src/http.js:18',
    );
    expect(finding).toMatchObject({
      tool: 'session',
      cost: { value: 60_000, unit: 'bytes', per: 'session' },
    });
    expect(finding.fix).toContain('createSessions');
    expect(finding.verify.command).toBe('npx mettle leak --fail-on session-leak -- node src/server.js');
  });

  it('is one finding, whatever keeps the sessions, and however they were left', () => {
    const told = leakRun()
      .calls('session', 'abandoned')
      .grows(SESSION)
      .grows({ ...SESSION, owner: { name: 'servers' }, bytesPerCall: 900, at: 'src/http.js:22' })
      .opens({ kind: 'socket' })
      .calls('session', 'cut-off')
      .grows(SESSION);
    expect(leaksFound(told)).toEqual([['session-leak', 'session']]);
  });

  it('tells sessions that are ended and stay from sessions that are left', () => {
    const told = leakRun()
      .calls('session', 'ended')
      .grows({ ...SESSION, owner: { name: 'history' }, at: 'src/http.js:9' })
      .calls('session', 'abandoned')
      .grows(SESSION);
    expect(leaksFound(told)).toHaveLength(2);
    const ended = onlyFinding(leakRun().calls('session', 'ended').grows(SESSION));
    expect(ended.title).toContain('though it is ended');
    expect(ended.fix).toContain('onclose');
  });

  it('is silent about sessions that end by themselves', () => {
    const bound = { kind: 'ttl', ttlMs: 900_000, property: 'idleMs' } as const;
    const told = leakRun()
      .calls('session', 'abandoned')
      .grows({ ...SESSION, bound });
    expect(sessionLeak.detect(told.evidence())).toEqual([]);
    expect(sessionLeak.detect(leakRun().calls('session', 'abandoned').growsUpTo(40).evidence())).toEqual([]);
    expect(sessionLeak.looked(told.evidence())).toContain('`sessions` forgets after 15 min');
  });
});
