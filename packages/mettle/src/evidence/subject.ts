/** One thing that can be called: an MCP tool, or another method with fixed parameters. */
export interface Subject {
  /** The tool's name, or the method's (`tools/list`, `resources/read`, `prompts/get`). Unique in a run. */
  readonly name: string;
  readonly kind: 'tool' | 'method';
}

/** A subject that is called, or the reason why it is not. */
export interface SubjectPlan extends Subject {
  readonly exercised: boolean;
  /** Why it is not called; null when it is. */
  readonly reason: string | null;
  /** Where its arguments come from. */
  readonly arguments: 'workload' | 'schema' | 'none';
}

export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}
export interface ToolInfo {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: unknown;
  readonly outputSchema?: unknown;
  readonly annotations: ToolAnnotations;
}

/** Everything the server lists. */
export interface CatalogueEvidence {
  readonly tools: readonly ToolInfo[];
  readonly resources: readonly { readonly uri: string; readonly name: string }[];
  readonly resourceTemplates: readonly { readonly uriTemplate: string; readonly name: string }[];
  readonly prompts: readonly {
    readonly name: string;
    readonly arguments: readonly { readonly name: string; readonly required: boolean }[];
  }[];
  /** Pages of tools/list, and the bytes of their answers. */
  readonly toolsListPages: number;
  readonly toolsListBytes: number;
  /** Listings that failed, or whose cursor never ended: method and what was seen. */
  readonly faults: readonly { readonly method: string; readonly message: string }[];
}
