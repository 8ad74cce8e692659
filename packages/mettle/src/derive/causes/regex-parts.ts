/** One item of a pattern with how often it may occur. */
export interface Part {
  /** Which characters it may read: ASCII by code, and the last entry for all others. Empty-handed for anchors and look-arounds. */
  readonly characters: readonly boolean[];
  /** With which of them it may begin. */
  readonly first: readonly boolean[];
  readonly min: number;
  readonly max: number;
  /** The alternatives of a group; null for a single character. */
  readonly body: readonly Sequence[] | null;
  readonly anchor: 'start' | null;
}
export type Sequence = readonly Part[];

/** One entry for each ASCII character, one for the rest. */
const CODES = 129;
type Characters = readonly boolean[];
type Item = Omit<Part, 'min' | 'max'>;

const none = (): boolean[] => Array.from({ length: CODES }, () => false);
const matching = (pattern: RegExp, others: boolean): boolean[] =>
  Array.from({ length: CODES }, (_, code) =>
    code === CODES - 1 ? others : pattern.test(String.fromCharCode(code)),
  );
const not = (characters: Characters): boolean[] => characters.map((has) => !has);
const CLASSES: Readonly<Record<string, Characters>> = {
  d: matching(/\d/, false),
  w: matching(/\w/, false),
  s: matching(/\s/, true),
};

const union = (all: readonly Characters[]): boolean[] =>
  none().map((_, code) => all.some((characters) => characters[code] === true));
/** An anchor or a look-around: it reads nothing. */
const NOTHING: Item = { characters: none(), first: none(), body: null, anchor: null };

/** With which characters the sequence may begin. */
function firstOf(sequence: Sequence): boolean[] {
  const must = sequence.findIndex((part) => !isNullable(part));
  return union((must < 0 ? sequence : sequence.slice(0, must + 1)).map((part) => part.first));
}

/** Whether the part may read nothing. */
export function isNullable(part: Part): boolean {
  if (part.min === 0 || !part.characters.includes(true)) return true;
  return part.body !== null && part.body.some((sequence) => sequence.every(isNullable));
}

/** The alternatives of a pattern; null when it holds something that this small reader does not know. */
export function parsePattern(source: string): readonly Sequence[] | null {
  const reader = new Reader(source);
  const alternatives = reader.alternatives();
  return alternatives !== null && reader.atEnd() ? alternatives : null;
}

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  atEnd(): boolean {
    return this.#at >= this.#source.length;
  }

  alternatives(): Sequence[] | null {
    const found: Part[][] = [[]];
    while (!this.atEnd() && this.#peek() !== ')') {
      if (this.#take('|')) {
        found.push([]);
        continue;
      }
      const item = this.#item();
      if (item === null) return null;
      found.at(-1)?.push({ ...item, ...this.#quantifier() });
    }
    return found;
  }

  #peek(): string {
    return this.#source[this.#at] ?? '';
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    const found = pattern.exec(this.#source.slice(this.#at));
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #item(): Item | null {
    if (this.#take('(')) return this.#group();
    if (this.#take('^')) return { ...NOTHING, anchor: 'start' };
    if (this.#take('$') || this.#match(/^\\[bB]/) !== null) return NOTHING;
    const characters = this.#take('[')
      ? this.#set()
      : this.#take('.')
        ? not(matching(/[\n\r]/, false))
        : this.#character();
    return characters === null ? null : { characters, first: characters, body: null, anchor: null };
  }

  #group(): Item | null {
    const around = this.#match(/^\?<?[=!]/) !== null;
    if (!around) this.#match(/^\?(?::|<[^>]*>)/);
    const body = this.alternatives();
    if (body === null || !this.#take(')')) return null;
    if (around) return NOTHING;
    const characters = union(body.flatMap((sequence) => sequence.map((part) => part.characters)));
    return { characters, first: union(body.map(firstOf)), body, anchor: null };
  }

  /** A single character or escape outside of brackets. */
  #character(): Characters | null {
    if (this.#peek() === '\\') return this.#escape();
    const character = this.#source[this.#at++];
    return character === undefined || '*+?'.includes(character) ? null : one(character);
  }

  #escape(): Characters | null {
    const letter = this.#source[this.#at + 1];
    if (letter === undefined || /[1-9k]/.test(letter)) return null;
    this.#at += 2;
    const known = CLASSES[letter.toLowerCase()];
    if (known !== undefined) return letter === letter.toLowerCase() ? known : not(known);
    const control = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', 0: '\0' }[letter];
    if (control !== undefined) return one(control);
    const code =
      letter === 'x'
        ? this.#match(/^([\da-f]{2})/i)
        : letter === 'u'
          ? this.#match(/^\{?([\da-f]+)\}?/i)
          : null;
    if (code !== null) return one(String.fromCodePoint(Number.parseInt(code[1] as string, 16)));
    // A property of Unicode may be anything.
    if (letter === 'p' || letter === 'P') return this.#match(/^\{[^}]*\}/) === null ? null : not(none());
    return one(letter);
  }

  #set(): Characters | null {
    const inverted = this.#take('^');
    const characters = none();
    let previous: string | null = null;
    while (!this.atEnd() && !this.#take(']')) {
      const range = previous === null ? null : this.#match(/^-([^\]\\])/);
      if (range !== null && previous !== null) {
        for (let code = previous.charCodeAt(0); code <= (range[1] as string).charCodeAt(0); code++)
          characters[Math.min(code, CODES - 1)] = true;
        previous = null;
        continue;
      }
      const plain = this.#peek() !== '\\';
      previous = plain ? this.#peek() : null;
      const members = plain ? one(this.#source[this.#at++] as string) : this.#escape();
      if (members === null) return null;
      members.forEach((has, code) => {
        if (has) characters[code] = true;
      });
    }
    return inverted ? not(characters) : characters;
  }

  #quantifier(): Pick<Part, 'min' | 'max'> {
    const found = this.#match(/^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/);
    if (found === null) return { min: 1, max: 1 };
    const [, sign, least, comma, most] = found;
    if (sign !== undefined) return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity };
    const min = Number(least);
    return { min, max: comma === undefined ? min : most === '' ? Infinity : Number(most) };
  }
}

function one(character: string): boolean[] {
  const characters = none();
  characters[Math.min(character.codePointAt(0) ?? 0, CODES - 1)] = true;
  return characters;
}
