import type { Check, Finding, Verdict } from './finding.ts';
import type { Era } from './target.ts';

export interface LatencySummary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** One examined (or passed over) tool or method, as CONTRACTS gives it. `null` = not measured. */
export interface ToolResult {
  readonly name: string;
  /** 'tool' for MCP tools, 'method' for tools/list, resources/read, prompts/get … */
  readonly kind: 'tool' | 'method';
  readonly exercised: boolean;
  /** Why it was not exercised or not measured; null when it was. */
  readonly reason: string | null;
  readonly calls: number;
  readonly errors: number;
  readonly latencyMs: LatencySummary | null;
  readonly cpuMsPerCall: number | null;
  readonly maxBlockMs: number | null;
  readonly retainedBytesPerCall: number | null;
  readonly overlap: number | null;
}

/** `result.json` in a bundle, and what `--format json` prints. */
export interface Result {
  readonly schema: 'mettle/result@1';
  readonly mettle: string;
  readonly node: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly command: string;
  readonly target: {
    readonly kind: 'stdio' | 'http' | 'module';
    readonly command: readonly string[] | null;
    readonly url: string | null;
    readonly node: string | null;
    readonly server: { readonly name: string; readonly version: string } | null;
    readonly protocolVersion: string | null;
    readonly era: Era | null;
    readonly sdk: { readonly name: string; readonly version: string | null } | null;
  };
  readonly tools: readonly ToolResult[];
  readonly checks: Readonly<Record<Check, Verdict>>;
  readonly findings: readonly Finding[];
  /** Sentences on what limits the result: no agent, a starved host, a cut budget. */
  readonly notes: readonly string[];
}
