import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import { mentionsDirectory } from './template.ts';

export interface ToolCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Relative frequency; 1 when not given. */
  readonly weight: number;
}
export interface MethodCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly weight: number;
}
export interface WorkloadState {
  /** Absolute path of the file or directory to copy. */
  readonly copy: string;
  /** The variable that tells the server where the copy is. */
  readonly env: string;
}
export interface WorkloadSessions {
  readonly churn: boolean;
  readonly end: 'delete' | 'close' | 'abandon';
  readonly calls: number;
}

/** A checked `mettle.workload.json`. Strings still hold their placeholders. */
export interface Workload {
  readonly setup: readonly ToolCall[];
  readonly calls: readonly (ToolCall | MethodCall)[];
  readonly sessions: WorkloadSessions | null;
  readonly replies: Readonly<Record<string, unknown>>;
  readonly state: WorkloadState | null;
  /** What `mettle record` wrote beside the calls; only replays look at it. */
  readonly recording?: unknown;
}

const WORKLOAD_SCHEMA = 'mettle/workload@1';

/** Reads and checks a workload file. Throws UsageError naming the file, the field and what was seen. */
export async function readWorkload(file: string): Promise<Workload> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UsageError(
      missing
        ? `There is no workload file ${file}.`
        : `The workload file ${file} cannot be read: ${(error as Error).message}`,
    );
  }
  const isYaml = /\.ya?ml$/i.test(file);
  let value: unknown;
  try {
    value = isYaml ? (await import('yaml')).parse(text) : JSON.parse(text);
  } catch (error) {
    const [why] = (error as Error).message.split('\n');
    throw new UsageError(`The workload file ${file} is not ${isYaml ? 'YAML' : 'JSON'}: ${why}`);
  }
  return parseWorkload(value, file);
}

/** Checks a workload that is already in memory; `file` names it in messages and is what `state.copy` is relative to. */
export function parseWorkload(value: unknown, file: string): Workload {
  const at = new Field(value, '', file);
  const fields = at.object([
    '$schema',
    'schema',
    'setup',
    'calls',
    'sessions',
    'replies',
    'state',
    'recording',
  ]);
  if (fields.schema?.value !== WORKLOAD_SCHEMA)
    (fields.schema ?? at.child('schema', undefined)).fail(`"${WORKLOAD_SCHEMA}"`);
  const workload: Workload = {
    setup: fields.setup?.array().map(toolCall) ?? [],
    calls: fields.calls?.array().map(anyCall) ?? [],
    sessions: fields.sessions === undefined ? null : sessionsOf(fields.sessions),
    replies: fields.replies?.record() ?? {},
    state: fields.state === undefined ? null : stateOf(fields.state, file),
    ...(fields.recording === undefined ? {} : { recording: fields.recording.value }),
  };
  // In a recording the text is what somebody's client sent.
  if (workload.state === null && fields.recording === undefined) {
    for (const [i, call] of [...workload.setup, ...workload.calls].entries()) {
      const where = i < workload.setup.length ? `setup[${i}]` : `calls[${i - workload.setup.length}]`;
      if (mentionsDirectory(call))
        throw new UsageError(
          `${file}: ${where} holds {dir}, the working copy, but the workload has no "state" to copy; add "state": { "copy": PATH, "env": NAME }.`,
        );
    }
  }
  return workload;
}

function toolCall(at: Field): ToolCall {
  const fields = at.object(['tool', 'arguments', 'weight']);
  return {
    tool: (fields.tool ?? at.child('tool', undefined)).text(),
    arguments: fields.arguments?.record() ?? {},
    weight: fields.weight?.positive() ?? 1,
  };
}

function anyCall(at: Field): ToolCall | MethodCall {
  const fields = at.object(['tool', 'arguments', 'method', 'params', 'weight']);
  if ((fields.tool === undefined) === (fields.method === undefined))
    at.fail('a call with either "tool" or "method"');
  if (fields.method === undefined) {
    fields.params?.fail('absent beside "tool": a tool\'s values go into "arguments"');
    return toolCall(at);
  }
  fields.arguments?.fail('absent beside "method": a method\'s values go into "params"');
  const method = fields.method.text();
  if (method === 'tools/call')
    fields.method.fail('no "tools/call": name the tool with "tool" and "arguments"');
  return { method, params: fields.params?.record() ?? {}, weight: fields.weight?.positive() ?? 1 };
}

function sessionsOf(at: Field): WorkloadSessions {
  const fields = at.object(['churn', 'end', 'calls']);
  const end = fields.end?.value ?? 'delete';
  if (end !== 'delete' && end !== 'close' && end !== 'abandon')
    return (fields.end as Field).fail('"delete", "close" or "abandon"');
  if (fields.churn !== undefined && typeof fields.churn.value !== 'boolean')
    fields.churn.fail('true or false');
  const calls = fields.calls?.positive() ?? 1;
  if (!Number.isInteger(calls)) fields.calls?.fail('a whole number');
  return { churn: fields.churn?.value === true, end, calls };
}

function stateOf(at: Field, file: string): WorkloadState {
  const fields = at.object(['copy', 'env']);
  const copy = (fields.copy ?? at.child('copy', undefined)).text();
  const env = fields.env ?? at.child('env', undefined);
  if (!/^[A-Za-z_]\w*$/.test(env.text())) env.fail('the name of an environment variable');
  return { copy: resolve(dirname(file), copy), env: env.text() };
}

/** A value and where it stands, for messages that lead there. */
class Field {
  readonly value: unknown;
  readonly path: string;
  readonly file: string;

  constructor(value: unknown, path: string, file: string) {
    this.value = value;
    this.path = path;
    this.file = file;
  }

  child(name: string, value: unknown): Field {
    return new Field(value, this.path === '' ? name : `${this.path}.${name}`, this.file);
  }

  fail(wanted: string): never {
    const seen =
      this.value === undefined
        ? 'is missing'
        : `is ${shorten(JSON.stringify(this.value) ?? typeof this.value)}`;
    throw new UsageError(
      `${this.file}: ${this.path === '' ? 'the workload' : this.path} ${seen}, but must be ${wanted}.`,
    );
  }

  record(): Readonly<Record<string, unknown>> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value))
      return this.fail('an object');
    return this.value as Readonly<Record<string, unknown>>;
  }

  /** The fields that are there. An unknown one is a fault: it is most likely a misspelling that would go unnoticed. */
  object<Name extends string>(known: readonly Name[]): Partial<Record<Name, Field>> {
    const out: Partial<Record<Name, Field>> = {};
    for (const [name, value] of Object.entries(this.record())) {
      if (!(known as readonly string[]).includes(name))
        this.child(name, value).fail(
          `one of the fields ${known.filter((each) => each !== '$schema').join(', ')}`,
        );
      out[name as Name] = this.child(name, value);
    }
    return out;
  }

  array(): readonly Field[] {
    if (!Array.isArray(this.value)) return this.fail('a list');
    return this.value.map((each, i) => new Field(each, `${this.path}[${i}]`, this.file));
  }

  text(): string {
    if (typeof this.value !== 'string' || this.value === '') return this.fail('a text');
    return this.value;
  }

  positive(): number {
    if (typeof this.value !== 'number' || !(this.value > 0) || !Number.isFinite(this.value))
      return this.fail('a number above 0');
    return this.value;
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
