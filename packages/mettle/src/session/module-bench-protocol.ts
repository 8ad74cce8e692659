/** What the in-process benchmark is asked to do: one JSON line on its stdin. */
export interface InProcessPlan {
  readonly era: '2025' | '2026';
  /** Sent before the calls, in order. */
  readonly setup: readonly PlannedRequest[];
  readonly subjects: readonly { readonly name: string; readonly requests: readonly PlannedRequest[] }[];
  readonly warmUpCalls: number;
  readonly timedCalls: number;
  readonly budgetMs: number;
}
export interface PlannedRequest {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What it found out about one subject; times in microseconds. */
export interface InProcessSubject {
  readonly name: string;
  readonly calls: number;
  readonly errors: number;
  readonly firstError: string | null;
  readonly warmUpCalls: number;
  /** The last calls of the warm-up were no faster than those before. */
  readonly steady: boolean;
  /** From handing the message to the transport until the answer came out of it. */
  readonly totalUs: readonly number[];
  /** Of the same calls, in the same order; null where the SDK's steps could not be told apart. */
  readonly handlerUs: readonly number[] | null;
  readonly validationUs: readonly number[] | null;
  readonly cpuUsPerCall: number;
  /** Medians of turning the same request and answer into JSON text and back, which a real transport does once each. */
  readonly json: {
    readonly requestBytes: number;
    readonly answerBytes: number;
    readonly parseRequestUs: number;
    readonly stringifyAnswerUs: number;
  };
}

/** Each line that it writes to stdout begins with this, so that what the module prints is told apart. */
export const RESULT_MARK = 'mettle-bench: ';

export type InProcessLine =
  | { readonly kind: 'ready'; readonly node: string; readonly jsonWithin: boolean }
  | { readonly kind: 'progress'; readonly subject: string; readonly calls: number }
  | { readonly kind: 'subject'; readonly subject: InProcessSubject }
  | { readonly kind: 'done' }
  | { readonly kind: 'fault'; readonly message: string };
