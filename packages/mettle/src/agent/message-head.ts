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
const BATCH: MessageHead = { kind: 'batch', method: null, name: null };
const REPLY: MessageHead = { kind: 'reply', method: null, name: null };
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const OPEN_BRACE = 123;
const BACKSLASH = 92;

/** Where a message says what it is; -1 where it was not seen. */
export interface Places {
  /** The id's value, if it came before the rest was known. */
  idAt: number;
  idEnd: number;
  /** The opening quote of `params.name`. */
  nameAt: number;
  /** The end of what was read as method or name. */
  readUntil: number;
}

/** Reads method and `params.name` from (a prefix of) a JSON-RPC message, stopping as soon as both are known. Nothing is copied but these two. */
export function readMessageHead(text: string, places?: Places): MessageHead {
  const start = skipSpace(text, 0);
  if (text.charCodeAt(start) === OPEN_BRACKET) return BATCH;
  let method: string | null = null;
  let name: string | null = null;
  for (let at = firstMember(text, start); at >= 0;) {
    const keyEnd = endOfString(text, at);
    const valueAt = valueAfter(text, keyEnd);
    if (valueAt < 0) break;
    if (isKey(text, at, keyEnd, 'method')) {
      method = stringAt(text, valueAt);
      if (places !== undefined) places.readUntil = endOfString(text, valueAt);
    } else if (isKey(text, at, keyEnd, 'params')) name = nameIn(text, valueAt, places);
    else if (isKey(text, at, keyEnd, 'result') || isKey(text, at, keyEnd, 'error')) {
      if (method === null) return REPLY;
      break;
    }
    if (method !== null && (name !== null || method !== 'tools/call')) break;
    if (places !== undefined && isKey(text, at, keyEnd, 'id')) {
      places.idAt = valueAt;
      places.idEnd = endOfValue(text, valueAt);
    }
    at = nextMember(text, valueAt);
  }
  return method === null ? NOTHING : { kind: 'request', method, name };
}

/** `name` among the members of the object at `start`. */
function nameIn(text: string, start: number, places?: Places): string | null {
  for (let at = firstMember(text, start); at >= 0;) {
    const keyEnd = endOfString(text, at);
    const valueAt = valueAfter(text, keyEnd);
    if (valueAt < 0) return null;
    if (isKey(text, at, keyEnd, 'name')) {
      if (places !== undefined) {
        places.nameAt = valueAt;
        places.readUntil = endOfString(text, valueAt);
      }
      return stringAt(text, valueAt);
    }
    at = nextMember(text, valueAt);
  }
  return null;
}

/** The subject of a request: the tool's name, or the method; null for notifications, which are no calls. */
export function subjectOf(method: unknown, name: unknown): string | null {
  if (typeof method !== 'string' || method.startsWith('notifications/')) return null;
  return method === 'tools/call' && typeof name === 'string' ? name : method;
}

/** Where the first key of the object at `start` begins; -1 when there is none. */
function firstMember(text: string, start: number): number {
  if (text.charCodeAt(start) !== OPEN_BRACE) return -1;
  return keyAt(text, skipSpace(text, start + 1));
}

/** Where the key after the value at `valueAt` begins. */
function nextMember(text: string, valueAt: number): number {
  const end = skipSpace(text, endOfValue(text, valueAt));
  return text.charCodeAt(end) === COMMA ? keyAt(text, skipSpace(text, end + 1)) : -1;
}

function keyAt(text: string, at: number): number {
  return text.charCodeAt(at) === QUOTE ? at : -1;
}

function valueAfter(text: string, keyEnd: number): number {
  const colon = skipSpace(text, keyEnd);
  return text.charCodeAt(colon) === COLON ? skipSpace(text, colon + 1) : -1;
}

function isKey(text: string, at: number, end: number, key: string): boolean {
  return end - at === key.length + 2 && text.startsWith(key, at + 1);
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
