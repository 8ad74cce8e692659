import type { TargetSpec } from '../../evidence/index.ts';
import type { InsideRequest, ProbeTarget } from '../probe/outcome.ts';

/** A server to watch, with everything said of it in particular. */
export interface WatchedServer {
  readonly name: string;
  readonly target: ProbeTarget;
  readonly spec: TargetSpec;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly call: { readonly tool: string; readonly arguments: Readonly<Record<string, unknown>> } | null;
  /** Looks that fail in a row until it counts as down, and that succeed until it counts as up again. */
  readonly failures: number;
  readonly recoveries: number;
  /** Slower than this, as often in a row, is an alert of its own; null = no budget. */
  readonly latencyBudgetMs: number | null;
  readonly certificateDays: number | null;
  /** What its own runtime is asked for; null = nothing. */
  readonly inside: InsideRequest | null;
}

export type ChannelConfig =
  | { readonly kind: 'webhook'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'slack'; readonly url: string }
  | { readonly kind: 'pagerduty'; readonly routingKey: string; readonly url: string }
  | {
      readonly kind: 'email';
      readonly smtp: string;
      readonly from: string;
      readonly to: readonly string[];
    };

/** What many processes share. The URLs hold credentials: they are shown and kept nowhere. */
export interface EngineConfig {
  readonly redis: string;
  readonly postgres: string;
  /** Where this process looks from. */
  readonly region: string;
  /** So many regions must say so; null = more than half of those alive. */
  readonly quorum: number | null;
}

export interface WatchConfig {
  readonly servers: readonly WatchedServer[];
  /** Absolute path of the SQLite file. */
  readonly store: string;
  readonly retentionDays: number;
  readonly concurrency: number;
  readonly jitter: number;
  readonly page: { readonly host: string; readonly port: number; readonly token: string | null } | null;
  readonly channels: readonly ChannelConfig[];
  /** Null = this process alone, with the file. */
  readonly engine: EngineConfig | null;
}
