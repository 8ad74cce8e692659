import type { ToolInfo } from '../evidence/index.ts';
import { seedFor } from '../stats/index.ts';
import { prepareArguments } from './arguments.ts';
import { varyArguments } from './fresh-arguments.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** Names of things, the same for every tool, so that what one creates another reads and a third deletes. */
const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'];
/** Keywords that say what a text has to be. */
const TEXT_IS_GIVEN = ['enum', 'const', 'format', 'pattern', 'examples', 'default'];

export interface NamesakeOptions {
  readonly seed: number;
  /** The working copy: files named in it are made from the names too. */
  readonly directory: string;
}

/**
 * Arguments that name things by number: `create(0)` and `delete(0)` name the same thing, `create(1)` another. Null where the
 * schema allows none that can be made.
 */
export function namesakes(
  tool: ToolInfo,
  { seed, directory }: NamesakeOptions,
): ((number: number) => Arguments) | null {
  const prepared = prepareArguments(tool.inputSchema, {
    seed: seedFor(seed, tool.name),
    hints: { tool: tool.name, directory },
  });
  if (prepared.samples === null) return null;
  const { samples, accepts } = prepared;
  const [first] = samples;
  const vary = varyArguments(tool.inputSchema, samples, accepts);
  const ofFiles = tool.annotations.readOnlyHint !== true || /file/i.test(tool.name);
  return (number) => {
    const name = NAMES[number] ?? `name-${number}`;
    const named = renamed(first, tool.inputSchema, (text) =>
      !text.startsWith(directory)
        ? namesAPlace(text)
          ? text
          : name
        : ofFiles
          ? `${directory}/${name}.txt`
          : text,
    ) as Arguments;
    if (accepts(named)) return named;
    return vary === null ? (samples[number % samples.length] ?? first) : vary(first, number);
  };
}

/** Addresses and paths elsewhere: another name names nothing. */
function namesAPlace(text: string): boolean {
  return /^[./~\\]|:\/\/|^[A-Za-z]:\\|@/.test(text);
}

/** The value with every text in it renamed whose schema leaves it free. */
function renamed(value: unknown, schema: unknown, rename: (text: string) => string): unknown {
  if (!isRecord(schema)) return value;
  if (typeof value === 'string')
    return TEXT_IS_GIVEN.some((keyword) => keyword in schema) ? value : rename(value);
  if (Array.isArray(value))
    return value.slice(0, 1).map((element) => renamed(element, schema['items'], rename));
  if (!isRecord(value)) return value;
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, renamed(member, properties[key], rename)]),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
