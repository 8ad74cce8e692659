/** Canonical JSON text: keys sorted, so that equal values are equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

/** The value of a JSON text of an object or array; undefined for any other text. */
function parsedJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The JSON values that a text holds: the whole of it, or one per line (JSON Lines); null when it holds something else. */
export function jsonValues(text: string): readonly unknown[] | null {
  const whole = parsedJson(text);
  if (whole !== undefined) return [whole];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const values = lines.map(parsedJson);
  return lines.length > 1 && values.every((value) => value !== undefined) ? values : null;
}

/**
 * The same text with everything that is a list sorted: lines, and arrays at any depth. Two states that differ only in
 * it hold the same things in another order.
 */
export function unordered(text: string): string {
  const values = jsonValues(text);
  const parts = values === null ? text.split('\n') : values.map((value) => canonicalJson(sortedDeep(value)));
  return parts.toSorted().join('\n');
}

function sortedDeep(value: unknown): unknown {
  if (typeof value === 'string') {
    // An answer's text is often JSON itself, or lines.
    return value.includes('\n') || parsedJson(value) !== undefined ? unordered(value) : value;
  }
  if (Array.isArray(value)) {
    return value.map(sortedDeep).toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
  }
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sortedDeep(inner)]));
  return value;
}
