/** Where and why a text is not JSON; line and column counted from 1. */
export class JsonSyntaxError extends Error {
  readonly line: number;
  readonly column: number;
  constructor(message: string, text: string, offset: number) {
    super(message);
    const before = text.slice(0, offset).split('\n');
    this.line = before.length;
    this.column = (before.at(-1)?.length ?? 0) + 1;
  }
}

/** Parses JSON with comments and trailing commas, as editors keep their settings. Throws JsonSyntaxError. */
export function parseJsonc(text: string): unknown {
  const reader = new JsoncReader(text);
  return reader.readDocument();
}

const SPACE = /(?:[\s\uFEFF]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const STRING = /"(?:[^"\\\n]|\\.)*"/y;
const SCALAR = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

class JsoncReader {
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readDocument(): unknown {
    const value = this.#value();
    this.#space();
    if (this.#offset < this.#text.length) this.#fail('expected the end of the file');
    return value;
  }

  #value(): unknown {
    this.#space();
    const next = this.#text[this.#offset];
    if (next === '{') return this.#object();
    if (next === '[') return this.#array();
    if (next === '"') return this.#string();
    return JSON.parse(this.#match(SCALAR) ?? this.#fail('expected a value')) as unknown;
  }

  #object(): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    this.#list('}', () => {
      const key = this.#string();
      this.#space();
      this.#take(':');
      entries.push([key, this.#value()]);
    });
    return Object.fromEntries(entries);
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    this.#list(']', () => items.push(this.#value()));
    return items;
  }

  #list(close: string, readItem: () => void): void {
    this.#offset += 1;
    for (;;) {
      this.#space();
      if (this.#text[this.#offset] === close) break;
      readItem();
      this.#space();
      if (this.#text[this.#offset] === ',') this.#offset += 1;
      else if (this.#text[this.#offset] !== close) this.#fail(`expected "," or "${close}"`);
    }
    this.#offset += 1;
  }

  #string(): string {
    const at = this.#offset;
    const raw = this.#match(STRING) ?? this.#fail('expected a string in double quotes');
    try {
      return JSON.parse(raw) as string;
    } catch {
      throw new JsonSyntaxError(
        'this string holds a character or escape that JSON does not allow',
        this.#text,
        at,
      );
    }
  }

  #take(character: string): void {
    if (this.#text[this.#offset] !== character) this.#fail(`expected "${character}"`);
    this.#offset += 1;
  }

  #space(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return null;
    this.#offset += found.length;
    return found;
  }

  #fail(expected: string): never {
    const next = this.#text[this.#offset];
    throw new JsonSyntaxError(
      `${expected} but found ${next === undefined ? 'the end of the file' : JSON.stringify(next)}`,
      this.#text,
      this.#offset,
    );
  }
}
