import { describe, expect, it } from 'vitest';
import type { ProbeOutcome } from '../../../src/evidence/index.ts';
import { FIRST_STATE, judge, type Turn } from '../../../src/watch/alerts/hysteresis.ts';

const RULES = { failures: 2, recoveries: 2, latencyBudgetMs: 100, certificateDays: null };

function outcome(change: Partial<ProbeOutcome>): ProbeOutcome {
  return {
    target: 'it',
    startedAt: '2026-11-22T12:00:00.000Z',
    durationMs: 50,
    status: 'up',
    phases: [],
    failedPhase: null,
    sentence: 'x',
    era: '2025',
    protocolVersion: '2025-11-25',
    server: null,
    httpStatus: 200,
    tools: null,
    listMs: [],
    call: null,
    certificate: null,
    authorisation: null,
    sessionEnd: 'ended',
    inside: null,
    stderrTail: [],
    ...change,
  };
}

const up = outcome({});
const down = outcome({ status: 'down', failedPhase: 'connect' });
const slow = outcome({ durationMs: 500 });

/** What turns, look by look: "down begins", or nothing. */
function story(looks: readonly ProbeOutcome[]): readonly string[] {
  let state = FIRST_STATE;
  return looks.map((look) => {
    const judged = judge(state, look, RULES);
    state = judged.state;
    return judged.turns.map(({ kind, turn }: Turn) => `${kind} ${turn}`).join(', ');
  });
}

describe('what turns', () => {
  it('one failed look is no incident', () => {
    expect(story([up, down, up, down, up])).toEqual(['', '', '', '', '']);
  });

  it('as many in a row as the rule says are one, and it is told once', () => {
    expect(story([down, down, down, down])).toEqual(['', 'down begins', '', '']);
  });

  it('an incident ends after as many good looks in a row, not at the first of a flapping server', () => {
    expect(story([down, down, up, down, up, up, up])).toEqual([
      '',
      'down begins',
      '',
      '',
      '',
      'down ends',
      '',
    ]);
  });

  it('slow looks are an incident of their own, and a failed look says nothing of latency', () => {
    expect(story([slow, slow, down, up, up])).toEqual(['', 'slow begins', '', '', 'slow ends']);
  });

  it('a server that asks for authorisation is not down, one that refuses ours is', () => {
    const asks = (credentialsRefused: boolean): ProbeOutcome =>
      outcome({
        status: 'unauthorised',
        authorisation: { metadata: 'correct', said: '', authorizationServers: [], credentialsRefused },
      });
    expect(story([asks(false), asks(false)])).toEqual(['', '']);
    expect(story([asks(true), asks(true)])).toEqual(['', 'down begins']);
  });

  it('a certificate that expires is told once, and its renewal ends it', () => {
    const valid = (days: number, fingerprint256: string): ProbeOutcome => {
      const validTo = new Date(Date.parse(up.startedAt) + days * 86_400_000).toISOString();
      const validFrom = new Date(Date.parse(validTo) - 90 * 86_400_000).toISOString();
      const chain = [{ subject: 'it', issuer: 'CA', validFrom, validTo }];
      return outcome({ certificate: { validTo, names: [], fingerprint256, chain } });
    };
    expect(story([valid(10, 'a'), valid(9, 'a'), valid(90, 'b')])).toEqual([
      'certificate-expiring begins',
      '',
      'certificate-expiring ends',
    ]);
  });
});
