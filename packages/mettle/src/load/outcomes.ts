import { redactText, type OutcomeCounts } from '../evidence/index.ts';
import type { Reply } from '../session/session.ts';

/** Of an error text, what fits a line or two of a report. */
const ERROR_TEXT_LIMIT = 300;

/** Whether the call did what it was for: an answer that is no error by JSON-RPC nor by the tool's own `isError`. */
export function isSuccess(reply: Reply): boolean {
  return reply.outcome === 'result' && reply.result['isError'] !== true;
}

/** What kind of failure, as reports count them, and its text with secrets redacted; null for a success. */
export function failureOf(reply: Reply): { readonly kind: string; readonly message: string } | null {
  if (isSuccess(reply)) return null;
  switch (reply.outcome) {
    case 'result':
      return { kind: 'tool error', message: shown(contentText(reply.result)) };
    case 'error':
      return { kind: `JSON-RPC ${reply.error.code}`, message: shown(reply.error.message) };
    case 'timeout':
    case 'lost':
      return { kind: reply.outcome, message: shown(reply.message) };
  }
}

/** Counts what became of one subject's calls. */
export class OutcomeTally {
  #calls = 0;
  #errors = 0;
  readonly #kinds: Record<string, number> = {};
  #firstError: string | null = null;

  get calls(): number {
    return this.#calls;
  }

  get successes(): number {
    return this.#calls - this.#errors;
  }

  /** Counts a reply; true when it was a success. */
  add(reply: Reply): boolean {
    this.#calls++;
    const failure = failureOf(reply);
    if (failure === null) return true;
    this.#errors++;
    this.#kinds[failure.kind] = (this.#kinds[failure.kind] ?? 0) + 1;
    this.#firstError ??= failure.message;
    return false;
  }

  counts(): OutcomeCounts {
    return {
      calls: this.#calls,
      errors: this.#errors,
      errorKinds: { ...this.#kinds },
      firstError: this.#firstError,
    };
  }
}

function contentText(result: Readonly<Record<string, unknown>>): string {
  const content = Array.isArray(result['content']) ? (result['content'] as unknown[]) : [];
  const texts = content
    .map((item) =>
      typeof item === 'object' && item !== null && 'text' in item && typeof item.text === 'string'
        ? item.text
        : '',
    )
    .filter((text) => text !== '');
  return texts.length > 0 ? texts.join(' ') : 'isError without a text';
}

function shown(text: string): string {
  // Redacted before it is cut: half a secret would no longer look like one.
  const line = redactText(text).replace(/\s+/g, ' ').trim();
  return line.length > ERROR_TEXT_LIMIT ? `${line.slice(0, ERROR_TEXT_LIMIT - 1)}…` : line;
}
