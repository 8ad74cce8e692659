import { seedFor, seededRandom } from '../stats/index.ts';

/** A JSON value whose strings may hold `{i}`, `{uuid}` and `{dir}`. */
export interface Template {
  /** The value of call number i; the same i gives the same value. What holds no placeholder is not copied. */
  readonly render: (i: number) => unknown;
}
export interface TemplateSetting {
  /** For `{dir}`; null leaves it as it is. */
  readonly directory: string | null;
  /** For `{uuid}`: calls of another seed get others. */
  readonly seed: number;
}

type Part = (i: number, nextUuid: () => string) => unknown;

/** Finds the placeholders once, so that rendering a call costs only what varies. */
export function compileTemplate(value: unknown, setting: TemplateSetting): Template {
  const part = compile(value, setting.directory);
  if (part === null) return { render: () => value };
  return { render: (i) => part(i, uuids(seedFor(setting.seed, String(i)))) };
}

/** Whether any string of the value holds `{dir}`. */
export function mentionsDirectory(value: unknown): boolean {
  return JSON.stringify(value)?.includes('{dir}') ?? false;
}

/** Null when the value is the same for every call. */
function compile(value: unknown, directory: string | null): Part | null {
  if (typeof value === 'string') return compileString(value, directory);
  if (Array.isArray(value)) {
    const parts = value.map((each) => compile(each, directory));
    return parts.every((part) => part === null)
      ? null
      : (i, uuid) => parts.map((part, k) => (part === null ? value[k] : part(i, uuid)));
  }
  if (typeof value !== 'object' || value === null) return null;
  const entries = Object.entries(value).map(([key, each]) => [key, each, compile(each, directory)] as const);
  if (entries.every(([, , part]) => part === null)) return null;
  return (i, uuid) =>
    Object.fromEntries(entries.map(([key, each, part]) => [key, part === null ? each : part(i, uuid)]));
}

function compileString(text: string, directory: string | null): Part | null {
  if (!/\{(?:i|uuid|dir)\}/.test(text)) return null;
  return (i, nextUuid) =>
    text.replace(/\{(i|uuid|dir)\}/g, (placeholder, name: string) => {
      if (name === 'i') return String(i);
      return name === 'uuid' ? nextUuid() : (directory ?? placeholder);
    });
}

/** UUIDs of version 4 in form, but repeatable. */
function uuids(seed: number): () => string {
  const random = seededRandom(seed);
  return () =>
    'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (place) => {
      const digit = Math.floor(random() * 16);
      return (place === 'x' ? digit : (digit & 3) | 8).toString(16);
    });
}
