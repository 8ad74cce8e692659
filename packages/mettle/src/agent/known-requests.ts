import { readMessageHead } from './message-head.ts';
import type { MessageHead, Places } from './message-head.ts';

/*
 * Clients send the same requests again and again, which differ in their id and in the tool's name only. So the bytes are
 * compared with how earlier ones began, up to the name, which takes a tenth of the time of decoding and reading them.
 */

/** Bounded, the oldest goes first: a client has one or two ways of writing a request. */
const KNOWN = 8;
const LONGEST_KNOWN = 256;
const QUOTE = 34;
const BACKSLASH = 92;
const ZERO = 48;
const NINE = 57;

/** How a request began. */
interface Beginning {
  readonly beforeId: Uint8Array;
  /** Null when what tells the request stands before its id. */
  readonly afterId: Uint8Array | null;
  readonly idIsText: boolean;
  /** Whether the characters of the name follow; else `head` tells all. */
  readonly nameFollows: boolean;
  readonly head: MessageHead;
}

const known: Beginning[] = [];
let oldest = 0;

/** What the request in `bytes` is, if one that began like it was read before; else null. What it tells rests on the beginning alone. */
export function knownRequestHead(bytes: Buffer): MessageHead | null {
  for (const beginning of known) {
    const end = endOfBeginning(bytes, beginning);
    if (end < 0) continue;
    if (!beginning.nameFollows) return beginning.head;
    const nameEnd = endOfPlainText(bytes, end);
    // Cut, or with escapes: to be read as it should be.
    if (nameEnd < 0) return null;
    return { ...beginning.head, name: bytes.toString('utf8', end, nameEnd) };
  }
  return null;
}

/** As `readMessageHead`; requests are known from then on. */
export function readRequestHead(text: string): MessageHead {
  const places: Places = { idAt: -1, idEnd: -1, nameAt: -1, readUntil: 0 };
  const head = readMessageHead(text, places);
  const isWhole = head.method !== null && (head.name !== null || head.method !== 'tools/call');
  if (isWhole && places.readUntil <= LONGEST_KNOWN) {
    known[oldest] = beginningOf(text, places, head);
    oldest = (oldest + 1) % KNOWN;
  }
  return head;
}

function beginningOf(text: string, { idAt, idEnd, nameAt, readUntil }: Places, head: MessageHead): Beginning {
  // The name is what was read last, unless its object stands before the method.
  const nameFollows = nameAt >= 0 && text.indexOf('"', nameAt + 1) + 1 === readUntil;
  const until = nameFollows ? nameAt + 1 : readUntil;
  const idIsText = text.charCodeAt(idAt) === QUOTE;
  const id = idIsText ? text.slice(idAt + 1, idEnd - 1) : text.slice(idAt, idEnd);
  const varies = idAt >= 0 && idEnd <= until && (idIsText ? !/["\\]/.test(id) : /^\d+$/.test(id));
  const idFrom = idIsText ? idAt + 1 : idAt;
  return {
    beforeId: Buffer.from(text.slice(0, varies ? idFrom : until)),
    afterId: varies ? Buffer.from(text.slice(idFrom + id.length, until)) : null,
    idIsText,
    nameFollows,
    head,
  };
}

/** Where the part that tells the request ends; -1 when it began otherwise. */
function endOfBeginning(bytes: Uint8Array, { beforeId, afterId, idIsText }: Beginning): number {
  if (!standsAt(bytes, 0, beforeId)) return -1;
  const idAt = beforeId.length;
  if (afterId === null) return idAt;
  const idEnd = idIsText ? endOfPlainText(bytes, idAt) : endOfDigits(bytes, idAt);
  if (idEnd < 0 || !standsAt(bytes, idEnd, afterId)) return -1;
  return idEnd + afterId.length;
}

/** Not Buffer.compare: for so few bytes the way into native code takes longer. */
function standsAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}

/** Where the closing quote stands; -1 when there is none, or an escape before it. */
function endOfPlainText(bytes: Uint8Array, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) return -1;
  }
  return -1;
}

function endOfDigits(bytes: Uint8Array, from: number): number {
  let i = from;
  for (let byte = bytes[i]; byte !== undefined && byte >= ZERO && byte <= NINE; byte = bytes[i]) i++;
  return i > from ? i : -1;
}
