import type { Bound } from '../limit/gate.ts';
import { Gradient2 } from '../limit/gradient2.ts';
import { Operation } from '../metrics/operations.ts';
import type { FilledOptions } from './options.ts';

/** A tool, prompt or kind of resource: its own limit, its own counts. */
export interface Target {
  readonly operation: Operation;
  readonly bound: Bound;
  /** Undefined where the limit is fixed. */
  readonly gradient: Gradient2 | undefined;
}

/** Names come from callers: past this many they share one place, so that inventing names costs no memory. */
const MOST_TARGETS = 1000;
/** And so do methods, which callers of a server with a fallback handler can invent too; the protocol has some thirty. */
const MOST_METHODS = 100;
const OTHER = '(other)';

/** All targets seen, by method and name. */
export class Targets {
  readonly #options: FilledOptions;
  readonly #byMethod = new Map<string, Map<string, Target>>();
  readonly #prefixes: readonly string[];
  #count = 0;

  constructor(options: FilledOptions) {
    this.#options = options;
    // The longest prefix that fits is the one that is meant.
    this.#prefixes = Object.keys(options.limits).toSorted((a, b) => b.length - a.length);
  }

  get(method: string, asked: string): Target {
    const name = method === 'resources/read' ? this.#kindOf(asked) : asked;
    const known = this.#byMethod.has(method) || this.#byMethod.size < MOST_METHODS ? method : OTHER;
    let targets = this.#byMethod.get(known);
    if (targets === undefined) this.#byMethod.set(known, (targets = new Map()));
    return targets.get(name) ?? this.#add(targets, known, name);
  }

  all(): Target[] {
    return [...this.#byMethod.values()].flatMap((targets) => [...targets.values()]);
  }

  #add(targets: Map<string, Target>, method: string, asked: string): Target {
    const name = this.#count < MOST_TARGETS ? asked : OTHER;
    const known = targets.get(name);
    if (known !== undefined) return known;
    const { limits, adaptive, methods } = this.#options;
    const fixed = Object.hasOwn(limits, name) ? limits[name] : undefined;
    const follows = fixed === undefined && adaptive !== false && methods.has(method);
    const gradient = follows ? new Gradient2(adaptive) : undefined;
    const bound: Bound = { running: 0, max: fixed ?? gradient?.limit ?? Infinity };
    const target: Target = { operation: new Operation(method, name), bound, gradient };
    targets.set(name, target);
    this.#count++;
    return target;
  }

  /** Resources have endless URIs: they count by the prefix that has a limit, else by scheme. */
  #kindOf(uri: string): string {
    const prefix = this.#prefixes.find((candidate) => uri.startsWith(candidate));
    return prefix ?? /^[a-z][a-z0-9+.-]*:/i.exec(uri)?.[0] ?? '';
  }
}

/** One bound for each session, or principal, that exists only while somebody uses it. */
export class BoundsByKey {
  readonly #max: number | undefined;
  readonly #bounds = new Map<string, Bound & { users: number }>();

  constructor(max: number | undefined) {
    this.#max = max;
  }

  get size(): number {
    return this.#bounds.size;
  }

  claim(key: string | undefined): Bound | undefined {
    if (this.#max === undefined || key === undefined) return undefined;
    let bound = this.#bounds.get(key);
    if (bound === undefined) this.#bounds.set(key, (bound = { running: 0, max: this.#max, users: 0 }));
    bound.users++;
    return bound;
  }

  drop(key: string | undefined): void {
    const bound = key === undefined ? undefined : this.#bounds.get(key);
    if (bound !== undefined && --bound.users === 0) this.#bounds.delete(key as string);
  }
}
