import { redactText } from '../../evidence/index.ts';
import { sortMessage } from '../rpc-message.ts';
import type { CallEnd, EncodedCall } from './channel.ts';

/*
 * Ids of channel calls have ten digits, so that every request of a call has the same length, and that no id of the
 * session's own requests, which count from 1, is among them.
 */
export const FIRST_ID = 1_000_000_000;
export const ID_DIGITS = 10;

/** What an answer that was parsed says. */
export interface ReadAnswer {
  readonly id: number | null;
  readonly end: CallEnd;
  readonly message: string | null;
}

/** Parsed in full of each subject: the first ones, and one in so many. */
const PARSED_FIRST = 20;
const PARSED_ONE_IN = 64;

/** `}` of the result, then the envelope's end as the SDK of both generations writes it. */
const RESULT_FIRST = '{"result":{';
const ID_LAST = '},"jsonrpc":"2.0","id":';
const ID_FIRST = '{"jsonrpc":"2.0","id":';
const THEN_RESULT = ',"result":{';
const CLOSING_BRACE = 125;

/**
 * The id of an answer that by its form is a result, where it stands in `text` from `start` to `end`; -1 for any other
 * form. JSON allows neither form to mean anything else: a quote within a string would be escaped.
 */
export function resultIdByForm(text: string, start: number, end: number): number {
  if (text.charCodeAt(end - 1) !== CLOSING_BRACE) return -1;
  if (text.startsWith(RESULT_FIRST, start)) {
    const at = end - 1 - ID_DIGITS;
    if (!text.startsWith(ID_LAST, at - ID_LAST.length)) return -1;
    return digits(text, at);
  }
  if (text.startsWith(ID_FIRST, start)) {
    const at = start + ID_FIRST.length;
    if (!text.startsWith(THEN_RESULT, at + ID_DIGITS) || text.charCodeAt(end - 2) !== CLOSING_BRACE)
      return -1;
    return digits(text, at);
  }
  return -1;
}

function digits(text: string, at: number): number {
  let value = 0;
  for (let i = at; i < at + ID_DIGITS; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Whether this answer is among those that are parsed in full whatever their form. */
export function isSampled(call: EncodedCall): boolean {
  const seen = ++call.answers.seen;
  return seen <= PARSED_FIRST || seen % PARSED_ONE_IN === 0;
}

/** Words that may make a result something else than a success: then it is parsed. */
export const DOUBTFUL: readonly string[] = ['"isError"', '"input_required"'];

/** Whether one of the doubtful words stands in the text. */
export function isDoubtful(text: string): boolean {
  return DOUBTFUL.some((word) => text.includes(word));
}

/** Reads an answer in full; null when it is no answer at all. `text`: the bytes, one character each. */
export function readAnswer(text: string): ReadAnswer | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const message = sortMessage(value);
  switch (message.kind) {
    case 'result':
      return { id: idOf(message.id), ...resultEnd(message.result) };
    case 'error': {
      const { code, message: said } = message.error;
      return { id: idOf(message.id), end: 'protocol-error', message: `JSON-RPC ${code}: ${shown(said)}` };
    }
    case 'malformed':
      return { id: idOf(message.id), end: 'invalid-answer', message: message.flaw };
    case 'request':
    case 'notification':
    case 'foreign':
      return null;
  }
}

function resultEnd(result: Readonly<Record<string, unknown>>): Pick<ReadAnswer, 'end' | 'message'> {
  if (result['isError'] === true) return { end: 'tool-error', message: contentText(result['content']) };
  if (result['resultType'] === 'input_required') return { end: 'input-required', message: null };
  return { end: 'ok', message: null };
}

function contentText(content: unknown): string {
  const texts = (Array.isArray(content) ? (content as unknown[]) : []).flatMap((item) =>
    typeof item === 'object' && item !== null && 'text' in item && typeof item.text === 'string'
      ? [item.text]
      : [],
  );
  return texts.length === 0 ? 'isError without a text' : shown(texts.join(' '));
}

function idOf(id: unknown): number | null {
  return typeof id === 'number' ? id : null;
}

/** A line or two of a report. */
const SHOWN_CHARACTERS = 300;

/** Text of one character per byte, for people: as UTF-8 again. */
export function shown(bytes: string): string {
  return oneLine(/[\u0080-\u00FF]/.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes);
}

/** Redacted, then cut to a line or two: half a secret would no longer look like one. */
export function oneLine(text: string): string {
  const line = redactText(text).replace(/\s+/g, ' ').trim();
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS - 1)}…` : line;
}

/** Parameters with what every request of the 2026 era carries. */
export function withMeta(
  params: Readonly<Record<string, unknown>>,
  meta: Readonly<Record<string, unknown>> | null,
): Readonly<Record<string, unknown>> {
  return meta === null
    ? params
    : {
        ...params,
        _meta: { ...(params['_meta'] as Readonly<Record<string, unknown>> | undefined), ...meta },
      };
}

/** The JSON text of a request before and after its id; ASCII only, so that characters are bytes. */
export function requestText(
  method: string,
  params: Readonly<Record<string, unknown>>,
): { readonly before: string; readonly after: string } {
  const rest = JSON.stringify({ method, params }).replace(
    /[\u0080-\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { before: '{"jsonrpc":"2.0","id":', after: `,${rest.slice(1)}` };
}
