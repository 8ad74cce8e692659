import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../../evidence/index.ts';
import type { RaceAnswer, RaceCall, RaceClass, RaceReset, TargetSpec } from '../../../evidence/index.ts';
import type { RaceInvariant } from '../../../explore/index.ts';

/** How the server is started: in a process of its own, in a folder of its own. */
export type RaceServer =
  /** `{ command: ['node', 'dist/server.js'] }`: over stdio, or at `http`, the URL where it then answers. `{dir}` stands for the working copy. */
  | {
      readonly http?: string;
      readonly command: readonly [string, ...string[]];
      readonly env?: Readonly<Record<string, string>>;
      readonly cwd?: string;
    }
  /** `{ module: new URL('../src/server.ts', import.meta.url) }`: what `createServer`, or the export named, gives. */
  | {
      readonly module: string | URL;
      readonly export?: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly cwd?: string;
    };

/** What is left when all calls have been answered. */
export interface RaceOutcomeSeen {
  /** Of the racing calls, in their order: what they said, parsed where it is JSON. */
  readonly answers: readonly RaceAnswerSeen[];
  /** The same of `observe`, by the tool's name; the last one where a tool is asked more than once. */
  readonly observed: Readonly<Record<string, RaceAnswerSeen>>;
  /** Text of the files in the working copy, by path. */
  readonly files: Readonly<Record<string, string>>;
}
export interface RaceAnswerSeen {
  readonly status: RaceAnswer['status'];
  /** `structuredContent`; else the texts of the content, parsed where they are JSON; else the whole result. */
  readonly value: unknown;
}

/** Calls that run at the same time, and what must be true whatever their order. */
export interface RaceScenario {
  readonly server: RaceServer;
  /** Calls made before, one after the other: each schedule begins from there. */
  readonly setup?: readonly TestCall[];
  readonly calls: readonly TestCall[];
  /** Tools that only read, asked afterwards: their names, or whole calls. */
  readonly observe?: readonly (string | TestCall)[];
  /** False, a sentence, or an exception when it does not hold. */
  readonly invariant?: (seen: RaceOutcomeSeen) => boolean | string | void;
  /** A file or folder that the server works on a copy of, and the variable that tells it where. */
  readonly state?: { readonly copy: string; readonly env: string };
  /** Two: replicas of the server on one working copy, the calls taking turns among them. */
  readonly processes?: 1 | 2;
  /** JSON paths that are not compared, such as `$.updatedAt`. */
  readonly ignore?: readonly string[];
  /** What does not fail the test; by default `results`: answers, not effects, that no order explains. */
  readonly allow?: readonly RaceClass[];
  /** Schedules with more preemptions are not tried; 2 by default. */
  readonly preemptions?: number;
  /** Schedules tried at most; 500 by default. The test's own timeout must be long enough. */
  readonly maxTrials?: number;
  /** How the state is put back between schedules; by default the cheapest way that proves equivalent. */
  readonly reset?: RaceReset | 'auto';
  /** What is answered when the server asks its client, by method. */
  readonly replies?: Readonly<Record<string, unknown>>;
}

/** A call of a tool; `client` tells apart who makes it, where there are several processes. */
export interface TestCall {
  readonly tool: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly client?: number;
}

/** A call for `setup`, `calls` and `observe`. */
export function call(tool: string, args: Readonly<Record<string, unknown>> = {}): TestCall {
  return { tool, arguments: args };
}

/** The scenario as trials take it. Throws UsageError for what cannot be meant. */
export function readScenario(scenario: RaceScenario): {
  readonly target: TargetSpec;
  readonly setup: readonly RaceCall[];
  readonly calls: readonly RaceCall[];
  readonly observe: readonly RaceCall[];
  readonly invariants: readonly RaceInvariant[];
} {
  const { calls, setup = [], observe = [], processes = 1 } = scenario;
  if (!Array.isArray(calls) || calls.length < 2 || calls.length > 3)
    throw new UsageError(
      `race takes two or three calls that run at the same time (more have too many orders to compare with), but was given ${String(calls?.length ?? 0)}.`,
    );
  const observers = observe.map((each) => (typeof each === 'string' ? call(each) : each));
  return {
    target: targetOf(scenario.server),
    setup: setup.map((each) => raceCall(each, 0)),
    calls: calls.map((each, i) => raceCall(each, processes === 2 ? i % 2 : 0)),
    observe: observers.map((each) => raceCall(each, 0)),
    invariants: scenario.invariant === undefined ? [] : [invariantOf(scenario.invariant, observers)],
  };
}

function raceCall({ tool, arguments: args = {}, client }: TestCall, connection: number): RaceCall {
  if (typeof tool !== 'string' || tool === '')
    throw new UsageError("A call of race names its tool: call('register', { id: 'x' }).");
  return { tool, arguments: args, connection: client ?? connection };
}

function targetOf(server: RaceServer): TargetSpec {
  const { env = {}, cwd = process.cwd() } = server;
  if ('command' in server) {
    const { command, http } = server;
    return http === undefined
      ? { kind: 'stdio', command, env, cwd }
      : { kind: 'http', url: http, headers: {}, command, env, cwd };
  }
  const file =
    server.module instanceof URL || server.module.startsWith('file:')
      ? fileURLToPath(server.module)
      : resolve(cwd, server.module);
  return { kind: 'module', file, exportName: server.export ?? null, env, cwd };
}

function invariantOf(
  holds: NonNullable<RaceScenario['invariant']>,
  observers: readonly TestCall[],
): RaceInvariant {
  return {
    name: 'invariant',
    check: ({ answers, observed, files }) => {
      try {
        const said = holds({
          answers: answers.map(seenOf),
          observed: Object.fromEntries(
            observers.map(({ tool }, i) => [tool, seenOf(observed[i] ?? { status: 'unanswered', text: '' })]),
          ),
          files,
        });
        if (typeof said === 'string') return said;
        return said === false ? 'it does not hold' : null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  };
}

function seenOf({ status, text }: RaceAnswer): RaceAnswerSeen {
  const result = parsed(text) as
    | { readonly structuredContent?: unknown; readonly content?: readonly { readonly text?: string }[] }
    | string;
  if (typeof result !== 'object' || result === null) return { status, value: result };
  if (result.structuredContent !== undefined) return { status, value: result.structuredContent };
  const texts = result.content?.flatMap((part) => part.text ?? []);
  return { status, value: texts === undefined || texts.length === 0 ? result : parsed(texts.join('\n')) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
