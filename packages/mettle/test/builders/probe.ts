import type { ProbeEvidence, ProbeOutcome } from '../../src/evidence/index.ts';

/** When every look was. */
export const LOOKED_AT: number = Date.parse('2026-11-22T12:00:00.000Z');

/** What one look told, of a server that is well. */
export function outcome(change: Partial<ProbeOutcome> = {}): ProbeOutcome {
  return {
    target: 'it',
    startedAt: new Date(LOOKED_AT).toISOString(),
    durationMs: 90,
    status: 'up',
    phases: [{ phase: 'connect', durationMs: 1 }],
    failedPhase: null,
    sentence: 'It speaks MCP.',
    era: '2025',
    protocolVersion: '2025-11-25',
    server: { name: 'it', version: '1' },
    httpStatus: 200,
    tools: { digest: 'd', count: 2, pages: 1, bytes: 100, tools: [] },
    listMs: [3],
    call: null,
    certificate: null,
    authorisation: null,
    sessionEnd: 'ended',
    inside: null,
    stderrTail: [],
    ...change,
  };
}

/** Evidence of a look at a server that is well, compared with nothing. */
export function probeEvidence(told: Partial<ProbeEvidence> = {}): ProbeEvidence {
  return { outcome: outcome(), toolChanges: null, certificateDays: null, ...told };
}
