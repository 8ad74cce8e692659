import { relative } from 'node:path';
import type { ToolInfo } from '../evidence/index.ts';
import { failureOf, findReadable, namesakes, planSubjects } from '../load/index.ts';
import type { CallSource } from '../load/index.ts';
import { readCatalogue, type Session } from '../session/index.ts';
import type { InitTarget } from './find-target.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** What the live server has, and how its tools are called. */
export interface Look {
  readonly server: { readonly name: string; readonly version: string } | null;
  readonly protocolVersion: string;
  readonly tools: number;
  /** Calls that may be made at any time: of tools that say that they only read. */
  readonly calls: readonly SafeCall[];
  readonly leftOut: readonly { readonly tool: string; readonly why: string }[];
  readonly writers: readonly Writer[];
}

export interface SafeCall extends RaceCallText {
  /** Why the call failed when it was tried; null when it did not. */
  readonly failure: string | null;
}

export interface RaceCallText {
  readonly tool: string;
  readonly arguments: Arguments;
}

/** A tool that changes something, with calls that are worth racing. */
export interface Writer {
  readonly tool: string;
  /** Two things, and one thing twice; the second absent where the tool takes no arguments. */
  readonly different: readonly [Arguments, Arguments];
  readonly same: boolean;
  /** Read-only calls that show what a race left behind. */
  readonly observers: readonly RaceCallText[];
  /** Why the test waits for a person's word, and what that is; null when it does not. */
  readonly caution: string | null;
}

const SEED = 1;
/** For a call that is only to show that it works. */
const CALL_PATIENCE_MS = 10_000;
/** More make every schedule longer, and most show the same state. */
const MOST_OBSERVERS = 2;
/** The working copy of a race, filled in when it is run. */
const COPY = '{dir}';
/** Stands for the number of a call, where `{i}` will. */
const A_NUMBER = 987_654;

/** Asks the server what it has and tries one call of each read-only tool. Nothing that may write is called. */
export async function lookAt(session: Session, spec: InitTarget, signal: AbortSignal): Promise<Look> {
  const { catalogue } = await readCatalogue(session);
  const readable = await findReadable({ workingCopy: null, command: spec.command, cwd: spec.cwd });
  const { plans, sources } = planSubjects(catalogue, {
    tools: [],
    workload: null,
    allowWrites: false,
    seed: SEED,
    ...readable,
  });
  const safe = sources.filter(({ subject, gentle }) => subject.kind === 'tool' && gentle !== true);
  const calls: SafeCall[] = [];
  for (const source of safe) calls.push(await safeCall(source, { session, folder: spec.cwd, signal }));
  const leftOut = plans.flatMap(({ name, kind, reason }) => {
    if (kind !== 'tool') return [];
    if (reason !== null)
      return [{ tool: name, why: reason.replace(/^not called: /, '').replace(/; give it.*$/, '') }];
    return safe.some(({ subject }) => subject.name === name)
      ? []
      : [{ tool: name, why: 'it reaches somebody else’s service (openWorldHint), which a load would hit' }];
  });
  const working = catalogue.tools.filter(({ name }) =>
    calls.some(({ tool, failure }) => tool === name && failure === null),
  );
  return {
    server: session.serverInfo,
    protocolVersion: session.protocolVersion,
    tools: catalogue.tools.length,
    calls,
    leftOut,
    writers: catalogue.tools
      .filter((tool) => tool.annotations.readOnlyHint !== true)
      .flatMap((tool) => writerOf(tool, observersOf(tool, working))),
  };
}

/**
 * A call that works, where the tool has one: with a number in a free text if the tool takes that, since a cache that is
 * always asked the same is never seen to grow.
 */
async function safeCall(
  source: CallSource,
  setting: { readonly session: Session; readonly folder: string; readonly signal: AbortSignal },
): Promise<SafeCall> {
  const { session, folder, signal } = setting;
  const tool = source.subject.name;
  const argumentsOf = ({ params }: ReturnType<CallSource['call']>): Arguments =>
    mapTexts(params['arguments'] ?? {}, (text) => portable(text, folder)) as Arguments;
  const failure = async (args: Arguments): Promise<SafeCall['failure']> => {
    const options = { timeoutMs: CALL_PATIENCE_MS, signal };
    const failed = failureOf(await session.request('tools/call', { name: tool, arguments: args }, options));
    signal.throwIfAborted();
    return failed === null ? null : `${failed.kind}: ${failed.message}`;
  };
  if (source.fresh !== undefined) {
    const numbered = argumentsOf(source.fresh(A_NUMBER));
    const template = mapTexts(numbered, (text) => text.replaceAll(String(A_NUMBER), '{i}')) as Arguments;
    const isNew = JSON.stringify(template) !== JSON.stringify(numbered);
    if (isNew && (await failure(numbered)) === null) return { tool, arguments: template, failure: null };
  }
  const plain = argumentsOf(source.call(0));
  return { tool, arguments: plain, failure: await failure(plain) };
}

function writerOf(tool: ToolInfo, observers: readonly RaceCallText[]): readonly Writer[] {
  const named = namesakes(tool, { seed: SEED, directory: COPY });
  if (named === null) return [];
  const different = [named(0), named(1)] as const;
  const { destructiveHint, openWorldHint } = tool.annotations;
  return [
    {
      tool: tool.name,
      different,
      same: JSON.stringify(different[0]) !== JSON.stringify(different[1]),
      observers,
      caution:
        destructiveHint === true
          ? 'the tool is marked as destructive. Remove ".skip" where files are all that it can change.'
          : openWorldHint === true
            ? 'the tool reaches the outside world (openWorldHint). Remove ".skip" where files are all that it changes.'
            : null,
    },
  ];
}

/**
 * Tools that most likely show what a writer changed: those about the same things, by the words of their names and arguments,
 * and those that show all there is, since they need no arguments. Anything else would only make each schedule longer.
 */
function observersOf(writer: ToolInfo, reading: readonly ToolInfo[]): readonly RaceCallText[] {
  const about = wordsOf(writer);
  const rated = reading.map((tool) => ({
    tool,
    shared: [...wordsOf(tool)].filter((word) => about.has(word)).length,
    showsAll: !Array.isArray(schemaOf(tool).required) || schemaOf(tool).required?.length === 0,
  }));
  const chosen = rated
    .filter(({ shared, showsAll }) => shared > 0 || showsAll)
    .toSorted((a, b) => b.shared - a.shared)
    .slice(0, MOST_OBSERVERS);
  return (chosen.length === 0 ? rated.slice(0, 1) : chosen).map(({ tool }) => ({
    tool: tool.name,
    arguments: namesakes(tool, { seed: SEED, directory: COPY })?.(0) ?? {},
  }));
}

/** Of `create_entities(entityType)`: create, entity, entityType. */
function wordsOf(tool: ToolInfo): ReadonlySet<string> {
  const names = tool.name.split(/[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])/);
  return new Set(
    [...names, ...Object.keys(schemaOf(tool).properties ?? {})].map((word) =>
      word.toLowerCase().replace(/ies$/, 'y').replace(/s$/, ''),
    ),
  );
}

function schemaOf({ inputSchema }: ToolInfo): {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly unknown[];
} {
  return typeof inputSchema === 'object' && inputSchema !== null ? inputSchema : {};
}

/** A place in the project is told from where the server is started, so that it is the same on another machine. */
function portable(text: string, folder: string): string {
  if (text === folder) return '.';
  return text.startsWith(`${folder}/`) ? relative(folder, text).replaceAll('\\', '/') : text;
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTexts(each, change)]));
}
