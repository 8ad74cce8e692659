import {
  UsageError,
  type CatalogueEvidence,
  type Subject,
  type SubjectPlan,
  type ToolInfo,
} from '../evidence/index.ts';
import { seedFor } from '../stats/index.ts';
import { prepareArguments, promptArguments } from './arguments.ts';
import { closestName } from './closest-name.ts';
import { isOpen, varyArguments } from './fresh-arguments.ts';
import type { CallSource } from './load.ts';
import { rotatingSource, workloadSource, type PreparedRequest } from './sources.ts';
import type { MethodCall, ToolCall, Workload } from './workload.ts';

export interface SubjectOptions {
  /** Names given with --tool; when there are any, nothing else is called. */
  readonly tools: readonly string[];
  readonly workload: Workload | null;
  readonly allowWrites: boolean;
  readonly seed: number;
  /** A directory that the server may read: for `{dir}` and for arguments named like a path. */
  readonly directory?: string;
  /** A file that the server may read: for arguments named like a file. */
  readonly file?: string;
}

/** Every subject with the decision on it, and how to call those that are called. */
export interface SubjectPlanning {
  readonly plans: readonly SubjectPlan[];
  readonly sources: readonly CallSource[];
}

type GivenCalls = ReadonlyMap<string, readonly (ToolCall | MethodCall)[]>;
type Decision =
  | { readonly source: CallSource; readonly arguments: SubjectPlan['arguments'] }
  | { readonly reason: string };

/** Resources or prompts taken in turn: enough to vary, few enough to come round again within a short phase. */
const MAX_ROTATED = 8;
/** Names listed in a message; more would bury what it says. */
const MAX_NAMES_SHOWN = 30;

/**
 * Decides which tools and methods are called, and with what. Nothing that may write is called unless the user said so.
 * Throws UsageError when the user named a tool that the server does not list.
 */
export function planSubjects(catalogue: CatalogueEvidence, options: SubjectOptions): SubjectPlanning {
  const givenTools = callsBySubject(options.workload, 'tool');
  const givenMethods = callsBySubject(options.workload, 'method');
  const listed = listedMethods(catalogue, options.seed);
  const methods = [...new Set([...listed.keys(), ...givenMethods.keys()])];
  checkNames(catalogue, methods, options);

  const plans: SubjectPlan[] = [];
  const sources: CallSource[] = [];
  const add = (subject: Subject, decision: Decision): void => {
    // A server that lists one name twice has one tool of that name.
    if (plans.some((plan) => plan.name === subject.name)) return;
    const called = 'source' in decision;
    plans.push({
      ...subject,
      exercised: called,
      reason: called ? null : decision.reason,
      arguments: called ? decision.arguments : 'none',
    });
    if (called) sources.push(decision.source);
  };
  for (const tool of catalogue.tools) {
    const subject: Subject = { name: tool.name, kind: 'tool' };
    add(
      subject,
      leftOut(subject, options) ??
        fromWorkload(subject, givenTools, options) ??
        decideTool(tool, subject, options),
    );
  }
  for (const name of methods) {
    const subject: Subject = { name, kind: 'method' };
    add(
      subject,
      leftOut(subject, options) ??
        fromWorkload(subject, givenMethods, options) ?? {
          source: listed.get(name) as CallSource,
          arguments: 'none',
        },
    );
  }
  // A client's model calls what does not exist; that is no fault of the file.
  if (options.workload?.recording !== undefined)
    for (const name of givenTools.keys())
      add({ name, kind: 'tool' }, { reason: 'not called: recorded, but the server does not list it' });
  return { plans, sources };
}

function leftOut(subject: Subject, { tools }: SubjectOptions): Decision | null {
  return tools.length === 0 || tools.includes(subject.name)
    ? null
    : { reason: 'not called: --tool names others only' };
}

function fromWorkload(subject: Subject, given: GivenCalls, options: SubjectOptions): Decision | null {
  const calls = given.get(subject.name);
  if (calls === undefined) return null;
  return {
    source: workloadSource(subject, calls, { directory: options.directory ?? null, seed: options.seed }),
    arguments: 'workload',
  };
}

function decideTool(tool: ToolInfo, subject: Subject, options: SubjectOptions): Decision {
  const reason = reasonNotToCall(tool, options);
  if (reason !== null) return { reason };
  const { directory, file } = options;
  const hints = {
    tool: tool.name,
    ...(directory === undefined ? {} : { directory }),
    ...(file === undefined ? {} : { file }),
  };
  const prepared = prepareArguments(tool.inputSchema, { seed: seedFor(options.seed, tool.name), hints });
  if (prepared.samples === null)
    return { reason: `not called: ${prepared.reason}; give it calls in a workload` };
  const [first, ...others] = prepared.samples;
  const request = (sample: Readonly<Record<string, unknown>>): PreparedRequest => ({
    method: 'tools/call',
    params: { name: tool.name, arguments: sample },
  });
  const vary = varyArguments(tool.inputSchema, prepared.samples, prepared.accepts);
  const source: CallSource = {
    ...rotatingSource(subject, [request(first), ...others.map(request)]),
    ...(vary === null
      ? isOpen(tool.inputSchema)
        ? { repeats: true as const }
        : {}
      : { fresh: (i) => request(vary(prepared.samples[i % prepared.samples.length] ?? first, i)) }),
    ...(tool.annotations.readOnlyHint === true ? { readOnly: true } : {}),
  };
  // Read-only, but of somebody else's service, which may count or charge each call: not without being named.
  const gentle = tool.annotations.openWorldHint === true && !options.tools.includes(tool.name);
  return { source: gentle ? { ...source, gentle } : source, arguments: 'schema' };
}

/** CONTRACTS, "Which tools are called". Hints that are absent are not taken for true, though the specification would. */
function reasonNotToCall(
  { name, annotations }: ToolInfo,
  { tools, allowWrites }: SubjectOptions,
): string | null {
  if (tools.includes(name) || annotations.readOnlyHint === true) return null;
  const mark =
    annotations.destructiveHint === true
      ? 'destructive'
      : annotations.openWorldHint === true
        ? 'reaching the outside world (openWorldHint)'
        : null;
  if (mark !== null)
    return `not called: it is marked as ${mark}; give it calls in a workload or name it with --tool`;
  return allowWrites
    ? null
    : 'not called: it is not marked read-only; give it calls in a workload, name it with --tool, or pass --allow-writes';
}

/** The methods besides tools that this server answers, as its listings show. */
function listedMethods(catalogue: CatalogueEvidence, seed: number): ReadonlyMap<string, CallSource> {
  const out = new Map<string, CallSource>();
  const add = (name: string, requests: readonly PreparedRequest[]): void => {
    const [first, ...others] = requests.slice(0, MAX_ROTATED);
    if (first === undefined) return;
    const source = rotatingSource({ name, kind: 'method' }, [first, ...others]);
    const takesText = requests.some(({ params }) => Object.keys(params['arguments'] ?? {}).length > 0);
    out.set(name, takesText ? withFreshPrompts(source) : source);
  };
  if (catalogue.toolsListPages > 0) add('tools/list', [{ method: 'tools/list', params: {} }]);
  add(
    'resources/read',
    catalogue.resources.map(({ uri }) => ({ method: 'resources/read', params: { uri } })),
  );
  add(
    'prompts/get',
    catalogue.prompts.map((prompt) => {
      const required = prompt.arguments
        .filter((argument) => argument.required)
        .map((argument) => argument.name);
      return {
        method: 'prompts/get',
        params: { name: prompt.name, arguments: promptArguments(required, seedFor(seed, prompt.name)) },
      };
    }),
  );
  return out;
}

/** Prompts whose arguments can be made new: each in turn, with a number behind its first argument. */
function withFreshPrompts(source: CallSource): CallSource {
  return { ...source, fresh: (i) => withNewArgument(source.call(i), i) };
}

function withNewArgument({ method, params }: PreparedRequest, i: number): PreparedRequest {
  const [first, ...others] = Object.entries(params['arguments'] as Readonly<Record<string, string>>);
  if (first === undefined) return { method, params };
  const [name, text] = first;
  return {
    method,
    params: { ...params, arguments: Object.fromEntries([[name, `${text} ${i}`], ...others]) },
  };
}

function callsBySubject(workload: Workload | null, kind: Subject['kind']): GivenCalls {
  const out = new Map<string, (ToolCall | MethodCall)[]>();
  for (const call of workload?.calls ?? []) {
    const name = 'tool' in call ? call.tool : call.method;
    if (('tool' in call ? 'tool' : 'method') !== kind) continue;
    out.set(name, [...(out.get(name) ?? []), call]);
  }
  return out;
}

function checkNames(
  catalogue: CatalogueEvidence,
  methods: readonly string[],
  { tools, workload }: SubjectOptions,
): void {
  const listed = catalogue.tools.map((tool) => tool.name);
  for (const name of tools)
    if (!listed.includes(name) && !methods.includes(name))
      throw unknownTool(`--tool names "${name}"`, name, listed);
  const own = workload?.recording === undefined ? (workload?.calls ?? []) : [];
  const called = [...(workload?.setup ?? []), ...own].flatMap((call) => ('tool' in call ? [call.tool] : []));
  for (const name of called)
    if (!listed.includes(name)) throw unknownTool(`The workload calls "${name}"`, name, listed);
}

function unknownTool(what: string, name: string, listed: readonly string[]): UsageError {
  if (listed.length === 0) return new UsageError(`${what}, but the server lists no tools.`);
  const near = closestName(name, listed);
  const shown =
    listed.slice(0, MAX_NAMES_SHOWN).join(', ') +
    (listed.length > MAX_NAMES_SHOWN ? ` and ${listed.length - MAX_NAMES_SHOWN} more` : '');
  const suggestion = near === null ? '' : ` Did you mean "${near}"?`;
  return new UsageError(`${what}, which the server does not list.${suggestion} It lists: ${shown}.`);
}
