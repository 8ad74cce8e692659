import { UsageError } from '../../evidence/index.ts';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads one mapping of the configuration; every complaint names the file and the place. */
export class Reader {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #file: string;
  readonly #place: string;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(
    value: unknown,
    file: string,
    place: string,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#file = file;
    this.#place = place;
    this.#env = env;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.fault('must be a mapping of names to values');
    this.#values = value as Readonly<Record<string, unknown>>;
  }

  fault(what: string, key?: string): UsageError {
    const place = [this.#place, key ?? ''].filter((part) => part !== '').join('.');
    return new UsageError(`${this.#file}${place === '' ? '' : `: ${place}`} ${what}.`);
  }

  /** Refuses every other key: a misspelt one would be ignored in silence. */
  only(...known: readonly string[]): void {
    const odd = Object.keys(this.#values).find((key) => !known.includes(key));
    if (odd !== undefined) throw this.fault(`is not known here; there are: ${known.join(', ')}`, odd);
  }

  has(key: string): boolean {
    return this.#values[key] != null;
  }

  text(key: string): string | undefined {
    const value = this.#values[key];
    if (value == null) return undefined;
    if (typeof value !== 'string' && typeof value !== 'number') throw this.fault('must be a text', key);
    return this.#expand(String(value), key);
  }

  needed(key: string): string {
    const value = this.text(key);
    if (value === undefined || value === '') throw this.fault('is missing', key);
    return value;
  }

  number(key: string, least: number, most: number): number | undefined {
    const value = this.#values[key];
    if (value == null) return undefined;
    if (typeof value !== 'number' || !(value >= least && value <= most))
      throw this.fault(`must be a number from ${String(least)} to ${String(most)}`, key);
    return value;
  }

  count(key: string, least: number, most: number): number | undefined {
    const value = this.number(key, least, most);
    if (value !== undefined && !Number.isInteger(value)) throw this.fault('must be a whole number', key);
    return value;
  }

  /** Milliseconds of a text such as 500ms, 30s, 5m, 1h, 30d. */
  duration(key: string, leastMs = 1): number | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const [, figure = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) ?? [];
    const durationMs = Number(figure) * (UNITS_MS[unit] ?? Number.NaN);
    if (figure === '' || !(durationMs >= leastMs))
      throw this.fault(
        `must be a time of at least ${String(leastMs)} ms, such as 500ms, 30s, 5m, 1h, 30d`,
        key,
      );
    return durationMs;
  }

  child(key: string): Reader | null {
    const value = this.#values[key];
    return value == null ? null : this.#inner(value, key);
  }

  list(key: string): readonly Reader[] {
    const value = this.#values[key];
    if (value == null) return [];
    if (!Array.isArray(value)) throw this.fault('must be a list', key);
    return value.map((each: unknown, i) => this.#inner(each, `${key}[${String(i)}]`));
  }

  texts(key: string): readonly string[] | undefined {
    const value = this.#values[key];
    if (value == null) return undefined;
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return items.map((item) => {
      if (typeof item !== 'string' && typeof item !== 'number')
        throw this.fault('must be a list of texts', key);
      return this.#expand(String(item), key);
    });
  }

  /** A mapping of texts. */
  record(key: string): Readonly<Record<string, string>> {
    const inner = this.child(key);
    if (inner === null) return {};
    return Object.fromEntries(Object.keys(inner.#values).map((name) => [name, inner.text(name) ?? '']));
  }

  /** A mapping of anything, as a tool's arguments are. */
  plain(key: string): Readonly<Record<string, unknown>> {
    const inner = this.child(key);
    return inner === null ? {} : inner.#values;
  }

  #inner(value: unknown, key: string): Reader {
    const place = this.#place === '' ? key : `${this.#place}.${key}`;
    return new Reader(value, this.#file, place, this.#env);
  }

  #expand(text: string, key: string): string {
    return text.replace(/\$\{([A-Za-z_]\w*)\}/g, (_whole, name: string) => {
      const value = this.#env[name];
      if (value === undefined || value === '')
        throw this.fault(`asks for the environment variable ${name}, which is not set`, key);
      return value.trim();
    });
  }
}
