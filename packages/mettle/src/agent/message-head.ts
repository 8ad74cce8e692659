/** What the beginning of a JSON-RPC message tells. Fields are null where the prefix did not show them. */
export interface MessageHead {
  readonly kind: 'request' | 'reply' | 'batch' | 'unknown';
  readonly method: string | null;
  /** `params.name`. */
  readonly name: string | null;
}

/** Bytes of a message that are looked at: method and name stand before the arguments in every SDK's output. */
export const HEAD_LENGTH = 65_536;

const NOTHING: MessageHead = { kind: 'unknown', method: null, name: null };
const QUOTE = 34;
const BACKSLASH = 92;

/** Reads method and `params.name` from (a prefix of) a JSON-RPC message, stopping as soon as both are known. */
export function readMessageHead(text: string): MessageHead {
  const start = skipSpace(text, 0);
  if (text[start] === '[') return { ...NOTHING, kind: 'batch' };
  let method: string | null = null;
  let name: string | null = null;
  let reply = false;
  forEachMember(text, start, (key, at) => {
    if (key === 'method') method = stringAt(text, at);
    else if (key === 'params') {
      forEachMember(text, at, (inner, innerAt) => {
        if (inner === 'name') name = stringAt(text, innerAt);
        return inner !== 'name';
      });
    } else if (key === 'result' || key === 'error') reply = true;
    return !reply && !(method !== null && (method !== 'tools/call' || name !== null));
  });
  if (method !== null) return { kind: 'request', method, name };
  return reply ? { ...NOTHING, kind: 'reply' } : NOTHING;
}

/** The subject of a request: the tool's name, or the method; null for notifications, which are no calls. */
export function subjectOf(method: unknown, name: unknown): string | null {
  if (typeof method !== 'string' || method.startsWith('notifications/')) return null;
  return method === 'tools/call' && typeof name === 'string' ? name : method;
}

/** Visits the members of the object that starts at `at`, until `visit` says false or the text ends. */
function forEachMember(text: string, at: number, visit: (key: string, valueAt: number) => boolean): void {
  if (text[at] !== '{') return;
  let i = skipSpace(text, at + 1);
  while (text.charCodeAt(i) === QUOTE) {
    const keyEnd = endOfString(text, i);
    const colon = skipSpace(text, keyEnd);
    if (text[colon] !== ':') return;
    const valueAt = skipSpace(text, colon + 1);
    if (!visit(text.slice(i + 1, keyEnd - 1), valueAt)) return;
    i = skipSpace(text, endOfValue(text, valueAt));
    if (text[i] !== ',') return;
    i = skipSpace(text, i + 1);
  }
}

function skipSpace(text: string, from: number): number {
  let i = from;
  for (let c = text.charCodeAt(i); c === 32 || c === 9 || c === 10 || c === 13; c = text.charCodeAt(i)) i++;
  return i;
}

/** Index after the closing quote; the text's length when it is cut. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === BACKSLASH) i++;
    else if (c === QUOTE) return i + 1;
  }
  return text.length;
}

function endOfValue(text: string, at: number): number {
  let depth = 0;
  let i = at;
  while (i < text.length) {
    const c = text[i];
    if (c === '"') i = endOfString(text, i) - 1;
    else if (c === '{' || c === '[') depth++;
    else if (c === '}' || c === ']') {
      if (depth === 0) return i;
      depth--;
    } else if (c === ',' && depth === 0) return i;
    i++;
  }
  return i;
}

function stringAt(text: string, at: number): string | null {
  if (text.charCodeAt(at) !== QUOTE) return null;
  const end = endOfString(text, at);
  if (text.charCodeAt(end - 1) !== QUOTE || end - at < 2) return null;
  const inner = text.slice(at + 1, end - 1);
  if (!inner.includes('\\')) return inner;
  try {
    return parse(text.slice(at, end)) as string;
  } catch {
    return null;
  }
}

const { parse } = JSON;
