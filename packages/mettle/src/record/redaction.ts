import { isSecretName, redactText, UsageError } from '../evidence/index.ts';

/** What stands in a recording where something was left out. */
const REDACTED = '[redacted]';

/** What of a call's values is written down. */
export interface Redaction {
  /** A copy in which secrets are replaced; `onRedacted` hears of each. */
  value(value: unknown, onRedacted: () => void): unknown;
}

/**
 * Values whose key is likely to hold a secret are left out whole, and within texts what looks like a credential; besides,
 * what the user's own patterns match, in keys or in texts. Throws UsageError for a pattern that is none.
 */
export function createRedaction(patterns: readonly string[]): Redaction {
  const own = patterns.map((pattern) => {
    try {
      return new RegExp(pattern, 'giu');
    } catch (error) {
      throw new UsageError(
        `--redact takes a regular expression; "${pattern}" is none: ${(error as Error).message}`,
      );
    }
  });
  const isHidden = (key: string): boolean => isSecretName(key) || own.some((one) => key.search(one) >= 0);

  const copy = (value: unknown, onRedacted: () => void): unknown => {
    if (typeof value === 'string') {
      const text = own.reduce((sofar, one) => sofar.replace(one, REDACTED), redactText(value));
      if (text !== value) onRedacted();
      return text;
    }
    if (Array.isArray(value)) return value.map((each) => copy(each, onRedacted));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => {
        // A flag or a number limit such as maxTokens is no secret; a text, or what holds some, may be.
        const hides =
          isHidden(key) && (typeof each === 'string' || (typeof each === 'object' && each !== null));
        if (hides) onRedacted();
        return [key, hides ? REDACTED : copy(each, onRedacted)];
      }),
    );
  };
  return { value: copy };
}
