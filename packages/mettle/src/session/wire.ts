import type { Era, ReachPhase } from '../evidence/index.ts';
import type { CallChannel } from './channel/channel.ts';
import type { JsonObject } from './rpc-message.ts';

/** Why no answer will come: one sentence, and how far it got. */
export interface Fault {
  readonly phase: ReachPhase;
  readonly message: string;
  /** The server does not know the session any more, and asks for a new one. */
  readonly sessionEnded?: true;
  /** The HTTP status, where there was one. */
  readonly status?: number;
}

/** A message on its way to the server. `id` is null for what waits for no answer. */
export interface Outgoing {
  readonly id: number | null;
  readonly method: string | null;
  readonly params: JsonObject | undefined;
  readonly text: string;
  /** For this message alone, where the wire has headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a wire tells the peer above it. */
export interface WireListener {
  /** A parsed JSON value arrived; `exchangeId` is the request whose exchange carried it, where the wire knows. False: no JSON-RPC message. */
  received(value: unknown, bytes: number, exchangeId: number | null): boolean;
  lost(id: number, fault: Fault): void;
  /** The wire is dead: nothing in flight will be answered, nothing more can be sent. */
  died(fault: Fault): void;
}

/** Carries JSON-RPC messages; knows nothing of what they mean. */
export interface Wire {
  send(message: Outgoing): void;
  /** Nobody waits for this answer any more. Says how far the exchange had got, where the wire knows. */
  abandon(id: number): ReachPhase | null;
  /** How a request is cancelled here: by a notification, or by closing its exchange alone. */
  readonly cancelsByNotification: boolean;
  /** From now on messages belong to this era, and to this version once it is agreed upon (null before). */
  settle(era: Era, protocolVersion: string | null): void;
  /** Calls at full speed beside the peer's; `meta` goes into the parameters of each. Absent where the wire has no such way. */
  openChannel?(meta: JsonObject | null): CallChannel;
  /** Ends the protocol session, then the wire. Never throws. */
  close(): Promise<void>;
  /** Ends the wire alone. Absent where the session ends with it. */
  leave?(): void;
}
