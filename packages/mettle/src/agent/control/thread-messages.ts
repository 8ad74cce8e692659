/*
 * Messages between threads, as far as they tell what is an answer to what. Nothing of them is kept but short ids, and
 * nothing of theirs is run: values behind accessors are not looked at.
 */

/** What names a request in a message, such as `taskId`: the answer carries it too. */
export type Ids = ReadonlyMap<string, string | number>;

const ID = /id$/i;
/** What tells kinds of messages apart. */
const KIND = /^(?:type|kind|cmd|command|method|action|event|code|op|name)$/i;
const MOST_KEYS = 50;
const LONGEST_ID = 100;

const NONE: Ids = new Map();

/** The ids at the top of a message. */
export function idsOf(message: unknown): Ids {
  const ids = new Map<string, string | number>();
  for (const [key, value] of plainEntries(message)) {
    if (!ID.test(key)) continue;
    if (typeof value === 'number' || (typeof value === 'string' && value.length <= LONGEST_ID))
      ids.set(key, value);
  }
  return ids.size === 0 ? NONE : ids;
}

/** Whether they have ids in common, and none that differ. */
export function sameIds(one: Ids, other: Ids): boolean {
  let common = 0;
  for (const [key, value] of one) {
    const there = other.get(key);
    if (there === undefined) continue;
    if (there !== value) return false;
    common++;
  }
  return common > 0;
}

/** What messages of one kind have in common. */
export function shapeOf(message: unknown): string {
  if (Array.isArray(message)) return 'array';
  const parts = plainEntries(message).map(([key, value]) =>
    KIND.test(key) && typeof value === 'string' && value.length <= LONGEST_ID ? `${key}=${value}` : key,
  );
  return parts.length === 0 ? typeof message : parts.toSorted().join();
}

function plainEntries(message: unknown): readonly (readonly [string, unknown])[] {
  if (typeof message !== 'object' || message === null) return [];
  try {
    const keys = Object.keys(message);
    if (keys.length > MOST_KEYS) return [];
    return keys.flatMap((key) => {
      const property = Object.getOwnPropertyDescriptor(message, key);
      return property !== undefined && 'value' in property ? [[key, property.value] as const] : [];
    });
  } catch {
    return [];
  }
}
