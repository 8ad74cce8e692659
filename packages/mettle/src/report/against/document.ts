import type { Check, Finding, Result, ToolResult, Verdict } from '../../evidence/index.ts';

/** One of the two runs. */
export interface ComparedRun {
  readonly startedAt: string;
  readonly command: string;
  readonly server: Result['target']['server'];
  /** The server's; null when it was not seen from inside. */
  readonly node: string | null;
}

/** What `mettle report BEFORE --against AFTER --format json` prints. */
export interface AgainstDocument {
  readonly schema: 'mettle/against@1';
  readonly before: ComparedRun;
  readonly after: ComparedRun;
  /** Found before, looked for again, and not found. */
  readonly mended: readonly Finding[];
  /** In the second run only. */
  readonly new: readonly Finding[];
  /** In both. */
  readonly stayed: readonly { readonly before: Finding; readonly after: Finding }[];
  /** Found before, and not looked for again, for this reason: never counted as mended. */
  readonly unknown: readonly { readonly finding: Finding; readonly why: string }[];
  /** Of each failure mode, in both runs. */
  readonly verdicts: readonly {
    readonly check: Check;
    readonly before: Verdict['status'];
    readonly after: Verdict['status'];
  }[];
  /** Tools that both runs measured. */
  readonly tools: readonly { readonly before: ToolResult; readonly after: ToolResult }[];
}
