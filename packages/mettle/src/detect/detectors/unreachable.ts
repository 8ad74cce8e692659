import type { Detector, ReachPhase } from '../../evidence/index.ts';
import { ms } from '../figures.ts';
import { makeFinding, verifyCommand } from '../finding.ts';

const ID = 'unreachable';

const WHAT_FAILED: Readonly<Record<ReachPhase, string>> = {
  spawn: 'its command could not be started, or ended at once',
  dns: 'its host name could not be resolved',
  connect: 'nothing accepted the connection',
  tls: 'the TLS handshake failed',
  http: 'the answer was not what HTTP or the MCP transport asks for',
  handshake: 'the MCP handshake was not answered',
  list: 'the handshake succeeded, but its tools could not be listed',
  call: 'its tools were listed, but the one that was to be called did not answer',
};

const FIX: Readonly<Record<ReachPhase, string>> = {
  spawn:
    'Run the command by itself in the same folder: it must stay alive and wait for messages on stdin. Check its path, that it is built, and the environment variables it asks for (--env K=V).',
  dns: 'Check the host name in the URL, and the DNS records or the hosts file behind it.',
  connect:
    'Check that the server runs and listens on this host and port, on this address family (127.0.0.1 and ::1 differ), and that no firewall stands between.',
  tls: 'Check that the certificate is valid, names this host and comes with its intermediate certificates, and that the port speaks TLS at all.',
  http: 'Check the path of the URL (often /mcp), the credentials (--header "Authorization: Bearer …"), and what a proxy in between answers.',
  handshake:
    'The server must answer `initialize` (or `server/discover`): connect its transport before any slow start-up work, and write nothing but JSON-RPC to stdout.',
  list: 'Answer `tools/list` (every page of it) without error; a server that has no tools must not declare the capability.',
  call: 'Call the tool with the same arguments from another client, and look for what it waits for: a service behind it, a lock, a full thread pool (`mettle check` tells them apart).',
};

/** A server that no client can use: it could not be reached, and the phase that failed says where to look. */
export const unreachable: Detector<'reach'> = {
  id: ID,
  check: 'protocol',
  needs: ['reach'],
  mayUse: ['target'],

  detect({ reach, target }) {
    const { failed } = reach;
    if (failed === null) return [];
    return [
      makeFinding({
        id: ID,
        tool: null,
        location: undefined,
        variant: failed.phase,
        severity: 'critical',
        confidence: 'measured',
        title: `The server cannot be reached: ${WHAT_FAILED[failed.phase]} (${failed.phase}): ${failed.message}`,
        evidence: [
          {
            kind: 'table',
            title: 'How far it got',
            columns: ['phase', 'ms'],
            rows: [
              ...reach.phases.map((phase) => [phase.phase, Math.round(phase.durationMs)]),
              [failed.phase, 'failed'],
            ],
          },
          ...(failed.stderrTail.length === 0
            ? []
            : [{ kind: 'transcript' as const, title: 'Its last lines on stderr', lines: failed.stderrTail }]),
        ],
        cost: { value: 1, unit: 'failed attempt', per: 'run' },
        fix: FIX[failed.phase],
        verify: {
          command: verifyCommand('unreachable', target),
          expect: 'any exit code but 3: the server was reached and examined',
        },
      }),
    ];
  },

  looked({ reach }) {
    const total = reach.phases.reduce((sum, phase) => sum + phase.durationMs, 0);
    return `reached in ${ms(total)} (${reach.phases.map((phase) => `${phase.phase} ${ms(phase.durationMs)}`).join(', ')})`;
  },
};
