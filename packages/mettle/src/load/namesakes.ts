import type { ToolInfo } from '../evidence/index.ts';
import { seedFor } from '../stats/index.ts';
import { prepareArguments } from './arguments.ts';
import type { ExistingFile } from './existing-files.ts';
import { varyArguments } from './fresh-arguments.ts';
import { mayNameAPlace, roleOf, wordsOf, type Role } from './from-and-to.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** Names of things, the same for every tool, so that what one creates another reads and a third deletes. */
const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'];
/** Words in the name of a tool that moves, copies or renames files: its `source` is a path. */
const OF_FILES = new Set(['file', 'files', 'directory', 'directories', 'dir', 'folder', 'path']);
/** Where two of them meet, one is lost. */
const MOVED = 'moved.txt';
/** Keywords that say what a text has to be. */
const TEXT_IS_GIVEN = ['enum', 'const', 'format', 'pattern', 'examples', 'default'];

export interface NamesakeOptions {
  readonly seed: number;
  /** In the working copy: files named in it are made from the names too. */
  readonly directory: string;
  /** In it: the calls of the first numbers name these. */
  readonly files?: readonly ExistingFile[];
}

/**
 * Arguments that name things by number: `create(0)` and `delete(0)` name the same thing, `create(1)` another. What tools move,
 * they all move to one place; what they replace, they replace by something else. Null where the schema allows none that
 * can be made.
 */
export function namesakes(
  tool: ToolInfo,
  { seed, directory, files = [] }: NamesakeOptions,
): ((number: number) => Arguments) | null {
  const prepared = prepareArguments(tool.inputSchema, {
    seed: seedFor(seed, tool.name),
    hints: { tool: tool.name, directory },
  });
  if (prepared.samples === null) return null;
  const { samples, accepts } = prepared;
  const [first] = samples;
  const vary = varyArguments(tool.inputSchema, samples, accepts);
  const isOfFiles = wordsOf(tool.name).some((word) => OF_FILES.has(word));
  const ofFiles = tool.annotations.readOnlyHint !== true || /file/i.test(tool.name);
  return (number) => {
    const name = nameOf(number);
    const existing = files[number];
    const rename: Rename = (text, role, key) => {
      const isPath = text.startsWith(directory) || (isOfFiles && role !== null && mayNameAPlace(key));
      if (isPath && (role === 'to' || role === 'new')) return `${directory}/${MOVED}`;
      if (isPath) return ofFiles ? (existing?.path ?? `${directory}/${name}.txt`) : text;
      if (namesAPlace(text)) return text;
      if (role === 'old' || role === 'new') {
        const line = existing?.line ?? name;
        return role === 'old' ? line : `${line} (${name})`;
      }
      return role === 'to' ? nameOf(neighbourOf(number)) : name;
    };
    const choose: Choose = (values, role) =>
      values[(role === 'to' ? neighbourOf(number) : number) % values.length] as string;
    const named = renamed(first, tool.inputSchema, { rename, choose }) as Arguments;
    if (accepts(named)) return named;
    return vary === null ? (samples[number % samples.length] ?? first) : vary(first, number);
  };
}

function nameOf(number: number): string {
  return NAMES[number] ?? `name-${number}`;
}

/** Of two neighbours the other, so that what goes from one to the other meets what goes back. */
function neighbourOf(number: number): number {
  return number % 2 === 0 ? number + 1 : number - 1;
}

/** Addresses and paths elsewhere: another name names nothing. */
function namesAPlace(text: string): boolean {
  return /^[./~\\]|:\/\/|^[A-Za-z]:\\|@/.test(text);
}

type Rename = (text: string, role: Role | null, key: string) => string;
/** One of the values that a schema lists. */
type Choose = (values: readonly string[], role: 'from' | 'to') => string;

interface Naming {
  readonly rename: Rename;
  readonly choose: Choose;
}

/** The value with every text in it renamed whose schema leaves it free, or lists parties between which something goes. */
function renamed(
  value: unknown,
  schema: unknown,
  naming: Naming,
  { key, role }: { readonly key: string; readonly role: Role | null } = { key: '', role: null },
): unknown {
  if (!isRecord(schema)) return value;
  if (typeof value === 'string') {
    const listed = partiesIn(schema['enum']);
    if (listed !== null && (role === 'from' || role === 'to')) return naming.choose(listed, role);
    return TEXT_IS_GIVEN.some((keyword) => keyword in schema) ? value : naming.rename(value, role, key);
  }
  if (Array.isArray(value))
    return value.slice(0, 1).map((element) => renamed(element, schema['items'], naming, { key, role }));
  if (!isRecord(value)) return value;
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const keys = Object.keys(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      renamed(member, properties[name], naming, { key: name, role: roleOf(name, keys) }),
    ]),
  );
}

/** What an enumeration of texts lists; null when there is nothing to choose. */
function partiesIn(listed: unknown): readonly string[] | null {
  return Array.isArray(listed) && listed.length > 1 && listed.every((each) => typeof each === 'string')
    ? listed
    : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
