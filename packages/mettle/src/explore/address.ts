import type { RaceCall } from '../evidence/index.ts';
import type { RaceSubject } from './options.ts';

/*
 * Calls by name, so that a replay need not carry their arguments: `create@0,read@10;after=create@10` is the first call
 * of create beside the eleventh of read, once create has been called with its eleventh arguments.
 */

/** The n-th call of a subject, over one of the connections. */
export interface AddressedCall {
  readonly subject: string;
  readonly number: number;
  readonly connection: number;
}

export interface CallsAddress {
  readonly calls: readonly AddressedCall[];
  /** Made before, one after the other, besides the setup that all cases share. */
  readonly after: readonly AddressedCall[];
}

export function formatAddress({ calls, after }: CallsAddress): string {
  return `${listed(calls)}${after.length === 0 ? '' : `;after=${listed(after)}`}`;
}

/** The address and the schedule's token of a replay; null when the text is none. */
export function parseReplay(text: string): { readonly address: CallsAddress; readonly token: string } | null {
  const parts = text.trim().split(';');
  const token = parts.pop() ?? '';
  const [calls, after, ...rest] = parts;
  if (calls === undefined || rest.length > 0 || (after !== undefined && !after.startsWith('after=')))
    return null;
  const racing = parsedCalls(calls);
  const before = after === undefined ? [] : parsedCalls(after.slice('after='.length));
  return racing === null || before === null ? null : { address: { calls: racing, after: before }, token };
}

/** The call itself; null when there is no subject of that name. */
export function callAt(
  { subject, number, connection }: AddressedCall,
  subjects: readonly RaceSubject[],
): RaceCall | null {
  const found = subjects.find(({ name }) => name === subject);
  return found === undefined ? null : { ...found.call(number), connection };
}

/** Runs of consecutive numbers are written as one: `register@0-8`. */
function listed(calls: readonly AddressedCall[]): string {
  const parts: string[] = [];
  for (let at = 0; at < calls.length;) {
    const { subject, number, connection } = calls[at] as AddressedCall;
    let last = at;
    while (
      calls[last + 1]?.subject === subject &&
      calls[last + 1]?.connection === connection &&
      calls[last + 1]?.number === number + last + 1 - at
    )
      last += 1;
    const numbers = last > at + 1 ? `${number}-${number + last - at}` : String(number);
    parts.push(`${escaped(subject)}@${numbers}${connection === 0 ? '' : `^${connection}`}`);
    at = last > at + 1 ? last + 1 : at + 1;
  }
  return parts.join(',');
}

function parsedCalls(text: string): readonly AddressedCall[] | null {
  const calls: AddressedCall[] = [];
  for (const part of text.split(',')) {
    const found = /^([^@]+)@(\d{1,6})(?:-(\d{1,6}))?(?:\^(\d))?$/.exec(part);
    if (found === null) return null;
    const [from, to] = [Number(found[2]), Number(found[3] ?? found[2])];
    if (to < from || to - from > 1000) return null;
    for (let number = from; number <= to; number++) {
      calls.push({
        subject: decodeURIComponent(found[1] ?? ''),
        number,
        connection: Number(found[4] ?? 0),
      });
    }
  }
  return calls;
}

function escaped(name: string): string {
  return name.replaceAll(/[%,;@^\s"'$`\\]/g, (character) =>
    encodeURIComponent(character).replace("'", '%27'),
  );
}
