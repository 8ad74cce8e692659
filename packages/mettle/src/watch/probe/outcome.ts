import type { Era, ProbeOutcome, TargetSpec } from '../../evidence/index.ts';

export type { ProbeOutcome } from '../../evidence/index.ts';

/** OAuth client credentials. `issuer` or `tokenUrl` pins where they go: never where the probed server says alone. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly issuer?: string;
  readonly tokenUrl?: string;
  readonly scope?: string;
}

/** A server to look at. Keep the object between looks: tokens fetched for its credentials are remembered with it. */
export interface ProbeTarget {
  readonly name: string;
  readonly spec: TargetSpec;
  /** Sent as `Authorization: Bearer …`; a header of the spec wins. */
  readonly bearer?: string;
  readonly credentials?: ClientCredentials;
}

export interface ProbeOptions {
  /** For the whole look; ending the session has 2 s of its own. Default 10,000. */
  readonly timeoutMs?: number;
  /** The era of the last look (`outcome.era`): saves a question. It is found out anew when it no longer holds. */
  readonly era?: Era | null;
  /** One read-only tool call at the end; null = none. */
  readonly call?: { readonly tool: string; readonly arguments: Readonly<Record<string, unknown>> } | null;
  /** Also tools that do not say that they are read-only. */
  readonly allowWrites?: boolean;
  /** Bytes of one answer, and of all pages of a listing together; more counts as `down`. Default 10 MiB. */
  readonly maxAnswerBytes?: number;
  /** A slow listing is taken three times, so that one hiccup is not taken for slowness. Default false. */
  readonly confirmSlowList?: boolean;
  /** PEM certificates trusted besides the usual ones. */
  readonly ca?: string;
  /** Also what the server's own runtime tells; null = none of it. */
  readonly inside?: InsideRequest | null;
}

/** Where the inside of a server is asked for. */
export interface InsideRequest {
  /** `find`: the resource mettle://health where the server lists it; `read`: it is there; `no`: not that way. */
  readonly health: 'find' | 'read' | 'no';
  /** A Prometheus endpoint of the server; null = none. */
  readonly metricsUrl: string | null;
}

/**
 * One look at a server. Never rejects for what the server does: every fault is an outcome. Rejects with UsageError for
 * a target that cannot be, and with the signal's reason when aborted. Leaves no session, socket or process behind.
 */
export type Probe = (
  target: ProbeTarget,
  options?: ProbeOptions,
  signal?: AbortSignal,
) => Promise<ProbeOutcome>;
