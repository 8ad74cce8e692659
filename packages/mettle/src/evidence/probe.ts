import type { ReachPhase } from './measurements.ts';
import type { Era } from './target.ts';

/**
 * `up`: every step asked for succeeded. `unauthorised`: reachable, and what it answers says correctly how to get in.
 * `down`: no client can use it as it is.
 */
export type ProbeStatus = 'up' | 'down' | 'unauthorised';

/** One certificate of the chain that a server presented, its own first. Times are ISO 8601. */
export interface ChainCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
}
export interface CertificateFacts {
  /** When the first of the chain expires: from then on clients refuse the connection. */
  readonly validTo: string;
  /** Host names and addresses that the server's own certificate is for, at most 20. */
  readonly names: readonly string[];
  readonly fingerprint256: string;
  readonly chain: readonly ChainCertificate[];
}

/** A tool as a client is told of it, keys sorted and `$schema` left out, so that equal tools are equal texts. */
export interface ToolSnapshot {
  readonly name: string;
  readonly description: string;
  /** Canonical JSON text of input schema, output schema. */
  readonly schema: string;
  /** Canonical JSON text of whatever else is told: title, annotations, icons, `_meta`. */
  readonly rest: string;
}
/** A tool list as it was seen. */
export interface ToolListing {
  /** SHA-256 of the canonical list, sorted by name: equal digests, equal lists. */
  readonly digest: string;
  readonly count: number;
  readonly pages: number;
  readonly bytes: number;
  readonly tools: readonly ToolSnapshot[];
}
export interface ToolChange {
  readonly tool: string;
  readonly kind: 'added' | 'removed' | 'schema' | 'description' | 'annotations';
  /** What was told before and is now, cut to 2,000 characters; null where there was, or is, no such tool. */
  readonly before: string | null;
  readonly after: string | null;
}

/** How a server that asks for authorisation says where to get it (RFC 9728). */
export interface AuthorisationFacts {
  readonly metadata: 'correct' | 'absent' | 'wrong';
  /** What is amiss, or where credentials are to be had; one clause. */
  readonly said: string;
  readonly authorizationServers: readonly string[];
  /** Credentials were sent with the request that was refused. */
  readonly credentialsRefused: boolean;
}

/** What a server's own runtime tells of its inside; null where it does not say. */
export interface InsideFacts {
  readonly status: 'ok' | 'overloaded';
  readonly heapBytes: number | null;
  readonly heapLimitBytes: number | null;
  readonly rssBytes: number | null;
  /** How late the event loop was lately. */
  readonly eventLoopDelayMs: number | null;
  /** How busy it was, 0 to 1. */
  readonly eventLoopUtilization: number | null;
  /** Calls that run, that wait, that were refused since the start. */
  readonly running: number | null;
  readonly queued: number | null;
  readonly refused: number | null;
  readonly uptimeS: number | null;
}
/** What came of asking for it: it never changes the verdict of the look. */
export interface InsideLook {
  readonly facts: InsideFacts | null;
  /** Whether the server lists `mettle://health`; null when that was not asked, or not answered. */
  readonly offersHealth: boolean | null;
  /** Why what is offered, or was named, could not be read; one clause. */
  readonly fault: string | null;
}

/** One look at one server. */
export interface ProbeOutcome {
  /** The name that the asker gave the server. */
  readonly target: string;
  readonly startedAt: string;
  /** Until the verdict stood; ending the session came after. */
  readonly durationMs: number;
  readonly status: ProbeStatus;
  /** The phases that succeeded, in order. */
  readonly phases: readonly { readonly phase: ReachPhase; readonly durationMs: number }[];
  /** Null when status is `up`. */
  readonly failedPhase: ReachPhase | null;
  /** What was seen, in one sentence; secrets redacted. */
  readonly sentence: string;
  readonly era: Era | null;
  readonly protocolVersion: string | null;
  readonly server: { readonly name: string; readonly version: string } | null;
  /** Of the answer that decided; null when HTTP was not spoken. */
  readonly httpStatus: number | null;
  readonly tools: ToolListing | null;
  /** Durations of every listing taken (more than one only when the first was slow), the network's round trip included. */
  readonly listMs: readonly number[];
  readonly call: {
    readonly tool: string;
    readonly durationMs: number;
    readonly isError: boolean;
  } | null;
  readonly certificate: CertificateFacts | null;
  readonly authorisation: AuthorisationFacts | null;
  /** What became of the session: none was opened, it was ended, the server lets no client end one, or ending failed. */
  readonly sessionEnd: 'none' | 'ended' | 'not-allowed' | 'failed';
  /** Null when the inside was not asked for. */
  readonly inside: InsideLook | null;
  readonly stderrTail: readonly string[];
}

/** What `mettle probe` saw, and what it was compared with. */
export interface ProbeEvidence {
  readonly outcome: ProbeOutcome;
  /** Null: there was no earlier list to compare with. */
  readonly toolChanges: readonly ToolChange[] | null;
  /** Null: the usual bar, which depends on how long the certificate is valid altogether. */
  readonly certificateDays: number | null;
}
