import type { RaceAnswer, RaceCall } from '../../../src/evidence/index.ts';

/*
 * A server in small: programs that touch files, memory and time, of which every operation is a step that a scheduler
 * places, as the agent's control does it with a real process. Deterministic, so that a test of the search fails for
 * the search alone.
 */

export interface World {
  readonly files: Map<string, string>;
  nowMs: number;
  openSockets: number;
  /** Readings of the real clock and of unseeded randomness, which no schedule controls. */
  readonly uncontrolled: () => number;
}

export type Operation =
  /** Takes effect in one step, and its result is delivered in another. */
  | {
      readonly op: 'io';
      readonly kind: string;
      readonly resource: string | null;
      readonly writes: boolean;
      readonly effect: () => unknown;
    }
  | { readonly op: 'timer'; readonly ms: number }
  /** What a promise of the same process does: goes on at once when the condition holds. */
  | { readonly op: 'wait'; readonly until: () => boolean }
  /** Not awaited. */
  | { readonly op: 'spawn'; readonly program: () => Program };

export type Program = Generator<Operation, unknown, unknown>;

export interface Server {
  readonly tools: Readonly<Record<string, (args: Readonly<Record<string, string>>, lane: string) => Program>>;
}

/** What a program throws to answer with an error of the tool. */
export class ToolError extends Error {}

/** What a program throws to end the process. */
export class Crash extends Error {}

export function io(kind: string, resource: string | null, effect: () => unknown, writes = false): Operation {
  return { op: 'io', kind, resource, writes, effect };
}

export function* readFile(
  world: World,
  path: string,
  otherwise?: string,
): Generator<Operation, string, unknown> {
  const text = (yield io('fs.readFile', path, () => world.files.get(path))) as string | undefined;
  if (text === undefined && otherwise === undefined) throw new ToolError(`ENOENT ${path}`);
  return text ?? otherwise ?? '';
}

/** Truncates, then writes, as `fs.writeFile` does. */
export function* writeFile(world: World, path: string, text: string, flag = 'w'): Program {
  yield io(
    'fs.open',
    path,
    () => {
      if (flag === 'wx' && world.files.has(path)) throw new ToolError(`EEXIST ${path}`);
      world.files.set(path, '');
    },
    true,
  );
  yield io('fs.write', path, () => world.files.set(path, text), true);
  return null;
}

export function* appendFile(world: World, path: string, text: string): Program {
  yield io('fs.write', path, () => world.files.set(path, (world.files.get(path) ?? '') + text), true);
  return null;
}

export function* rename(world: World, from: string, to: string): Program {
  yield io(
    'fs.rename',
    to,
    () => {
      const text = world.files.get(from);
      if (text === undefined) throw new ToolError(`ENOENT ${from}`);
      world.files.delete(from);
      world.files.set(to, text);
    },
    true,
  );
  return null;
}

/** First come, first served, in one process. */
export class Mutex {
  readonly #queue: symbol[] = [];

  *run(program: Program): Program {
    const ticket = Symbol('ticket');
    this.#queue.push(ticket);
    yield { op: 'wait', until: () => this.#queue[0] === ticket };
    try {
      return yield* program;
    } finally {
      this.#queue.shift();
    }
  }
}

export function answered(value: unknown): RaceAnswer {
  return { status: 'success', text: typeof value === 'string' ? value : JSON.stringify(value) };
}

/** The arguments of a call as the programs want them. */
export function argumentsOf(call: RaceCall): Readonly<Record<string, string>> {
  return (call.arguments ?? {}) as Readonly<Record<string, string>>;
}
