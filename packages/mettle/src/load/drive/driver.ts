import type { TargetUse } from '../../evidence/index.ts';
import type { CallChannel } from '../../session/channel/channel.ts';
import { RequestChannel } from '../../session/channel/request-channel.ts';
import type { Session } from '../../session/session.ts';
import type { TargetClock } from '../load.ts';

/** What the agent inside the target saw between `begin` and `end`. */
export type InsideFigures = Pick<
  TargetUse,
  'gc' | 'eventLoopDelayMs' | 'eventLoopUtilisation' | 'heapUsedBytes'
>;
export interface InsideWatch {
  begin(): Promise<void>;
  /** Null when the agent is gone. */
  end(): Promise<InsideFigures | null>;
}

/** One client: a session, and its ways for calls. */
export interface Client {
  readonly session: Session;
  readonly channel: CallChannel;
  /** For calls that the channel cannot see through. */
  readonly slow: CallChannel;
}

/** Clients of one server, ready to be driven. */
export interface Driver {
  readonly clients: readonly Client[];
  /** One of each process of the target. */
  readonly clocks: readonly TargetClock[];
  readonly inside: InsideWatch | null;
  /** A client that comes while calls go on; the clock is its process's, if it has one of its own. */
  join(session: Session, clock: TargetClock | null): Client;
  /** Subjects that ask something before they answer, found out on the way. */
  readonly asking: Set<string>;
  /** Closes the channels; the sessions stay. */
  close(): void;
}

/** Opens the channels of these sessions of one server. */
export function openDriver(
  sessions: readonly Session[],
  target: { readonly clocks: readonly TargetClock[]; readonly inside: InsideWatch | null },
): Driver {
  const clients = sessions.map(clientOf);
  const clocks = [...target.clocks];
  return {
    clients,
    clocks,
    inside: target.inside,
    join(session, clock) {
      const client = clientOf(session);
      clients.push(client);
      if (clock !== null) clocks.push(clock);
      return client;
    },
    asking: new Set(),
    close() {
      for (const { channel, slow } of clients) {
        slow.close();
        channel.close();
      }
    },
  };
}

function clientOf(session: Session): Client {
  return { session, channel: session.openChannel(), slow: new RequestChannel(session) };
}
