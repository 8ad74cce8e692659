import { agentEnvironment } from '../../agent/location.ts';
import type { AgentChannel } from '../../collect/index.ts';
import type { ReachEvidence, TargetSpec } from '../../evidence/index.ts';
import { openSession } from '../../session/index.ts';
import type { OpenOptions, Session } from '../../session/index.ts';
import type { BenchRequest } from './request.ts';

export interface Clients {
  readonly sessions: readonly [Session, ...Session[]];
  readonly reach: ReachEvidence;
  /** Another session, as the others; its caller closes it. */
  another(): Promise<Session>;
  close(): Promise<void>;
}

/**
 * Opens so many sessions: over HTTP with one server, on stdio and of a module with a process each, since that is what
 * a client of theirs is. Rejects as `openSession`, with nothing left running.
 */
export async function openClients(
  request: BenchRequest,
  spec: TargetSpec,
  channel: AgentChannel | null,
): Promise<Clients> {
  const options: OpenOptions = {
    ...(channel === null
      ? {}
      : {
          extraEnv: agentEnvironment({
            socketPath: channel.socketPath,
            inheritedNodeOptions: spec.env['NODE_OPTIONS'] ?? process.env['NODE_OPTIONS'],
            exitWithMettle: true,
          }),
        }),
    ...(request.era === null ? {} : { era: request.era }),
    ...(request.workload === null ? {} : { replies: request.workload.replies }),
    signal: request.signal,
  };
  const first = await openSession(spec, options);
  const sessions: [Session, ...Session[]] = [first.session];
  const close = async (): Promise<void> => {
    // The first one last: over HTTP it owns the server.
    await Promise.all(sessions.slice(1).map((session) => session.close()));
    await first.session.close();
  };
  const again = spec.kind === 'http' ? { ...spec, command: null } : spec;
  const another = async (): Promise<Session> =>
    (await openSession(again, { ...options, era: first.session.era })).session;
  // A replay opens each at its time.
  const wanted = request.settings.replay === null ? request.settings.shape.connections : 1;
  try {
    while (sessions.length < wanted) sessions.push(await another());
  } catch (error) {
    await close();
    throw error;
  }
  return { sessions, reach: first.reach, another, close };
}
