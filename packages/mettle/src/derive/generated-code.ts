import { parse, type Node } from 'acorn';
import type { Position } from './source-map.ts';

/** The structure of a script that a bundler or transpiler wrote, several functions to a line. */
export interface GeneratedCode {
  /** The function that begins there, as V8 gives beginnings. */
  functionAt(begin: Position): GeneratedFunction | null;
  /** The innermost function around the place. */
  functionAround(place: Position): GeneratedFunction | null;
}
export interface GeneratedFunction {
  /** Where V8 would say it begins: at its parenthesis, an arrow function at its first token. */
  readonly begin: Position;
  /** Its own calls on the line (not those of functions within it) that may be costly without a frame of their own. */
  costlyCalls(line: number): readonly Position[];
  /** Whether its own time on the line can be only that of the call: it loops nowhere else, and calls nothing else that is costly unseen. */
  onlyCost(call: Position, line: number): boolean;
}

/** Calls that V8's profile has no frame for, and that findings are named after. */
const NAMED = /^(?:test|exec|match|matchAll|replace|replaceAll|search|split)$/;
/** Others of which large values make long ones. */
const UNNAMED =
  /^(?:sort|toSorted|join|flat|from|fromEntries|repeat|fill|concat|assign|reverse|toReversed|splice|indexOf|lastIndexOf)$/;
const LOOP = /^(?:For|ForIn|ForOf|While|DoWhile)Statement$/;
const FUNCTION = /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;

interface Syntax extends Node {
  readonly body?: Syntax;
  readonly params?: readonly Syntax[];
  readonly callee?: Syntax;
  readonly object?: Syntax;
  readonly property?: Syntax;
  readonly computed?: boolean;
  readonly name?: string;
}

/** Reads a script; null when it cannot be parsed. */
export function readGeneratedCode(text: string): GeneratedCode | null {
  const root = parsed(text);
  if (root === null) return null;
  const functions: Syntax[] = [];
  forEachNode(root, (node) => {
    if (FUNCTION.test(node.type)) functions.push(node);
    return true;
  });
  const lines = new Lines(text);
  const around = nesting(functions);
  const known = new Map<Syntax, GeneratedFunction>();
  const read = (node: Syntax): GeneratedFunction => {
    const found = known.get(node) ?? generatedFunction(node, text, lines);
    known.set(node, found);
    return found;
  };
  const innermost = (offset: number, endOf: (node: Syntax) => number): GeneratedFunction | null => {
    for (let node = around(offset); node !== null; node = node.parent)
      if (offset < endOf(node.syntax)) return read(node.syntax);
    return null;
  };
  return {
    functionAt: (begin) => innermost(lines.offsetOf(begin), (node) => node.body?.start ?? node.end),
    functionAround: (place) => innermost(lines.offsetOf(place), (node) => node.end),
  };
}

interface Nested {
  readonly syntax: Syntax;
  readonly parent: Nested | null;
}

/** Finds the function that began last before an offset; its parents are those around it. */
function nesting(functions: readonly Syntax[]): (offset: number) => Nested | null {
  const nested: Nested[] = [];
  for (const syntax of functions.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    let parent = nested.at(-1) ?? null;
    while (parent !== null && parent.syntax.end <= syntax.start) parent = parent.parent;
    nested.push({ syntax, parent });
  }
  return (offset) => {
    let low = 0;
    let high = nested.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((nested[middle] as Nested).syntax.start <= offset) low = middle + 1;
      else high = middle;
    }
    return nested[low - 1] ?? null;
  };
}

function parsed(text: string): Syntax | null {
  for (const sourceType of ['module', 'script'] as const) {
    try {
      return parse(text, {
        ecmaVersion: 'latest',
        sourceType,
        allowHashBang: true,
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: true,
        allowSuperOutsideMethod: true,
      }) as unknown as Syntax;
    } catch {
      continue;
    }
  }
  return null;
}

/** Visits the tree without recursion, outermost first; goes into a node when `visit` says so. */
function forEachNode(root: Syntax, visit: (node: Syntax) => boolean): void {
  const pending: Syntax[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (!visit(node)) continue;
    for (const value of Object.values(node) as readonly unknown[])
      for (const child of Array.isArray(value) ? (value as readonly unknown[]) : [value])
        if (isSyntax(child)) pending.push(child);
  }
}

function isSyntax(value: unknown): value is Syntax {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function generatedFunction(node: Syntax, text: string, lines: Lines): GeneratedFunction {
  const named: { readonly at: Position; readonly offset: number }[] = [];
  const others: Position[] = [];
  const loops: { readonly from: number; readonly to: number }[] = [];
  forEachNode(node, (inner) => {
    if (inner !== node && FUNCTION.test(inner.type)) return false;
    if (LOOP.test(inner.type)) loops.push({ from: inner.start, to: inner.end });
    const call = inner.type === 'CallExpression' ? calledName(inner) : null;
    if (call === null) return true;
    const at = lines.positionOf(call.offset);
    if (call.named) named.push({ at, offset: call.offset });
    else others.push(at);
    return true;
  });
  return {
    begin: lines.positionOf(beginOf(node, text)),
    costlyCalls: (line) => named.filter(({ at }) => at.line === line).map(({ at }) => at),
    onlyCost(call, line) {
      const offset = lines.offsetOf(call);
      const within = lines.rangeOf(line);
      const elsewhere = loops.some(
        ({ from, to }) => from < within.to && to > within.from && !(from <= offset && offset < to),
      );
      return !elsewhere && others.every((at) => at.line !== line);
    },
  };
}

/** Where V8 says that a function begins. */
function beginOf(node: Syntax, text: string): number {
  if (node.type === 'ArrowFunctionExpression') return node.start;
  const before = node.params?.[0]?.start ?? node.body?.start ?? node.start;
  const paren = text.lastIndexOf('(', before - 1);
  return paren < node.start ? node.start : paren;
}

/** The call, if it is one that can cost much without a frame; `named`: findings know it. */
function calledName({ callee }: Syntax): { readonly offset: number; readonly named: boolean } | null {
  if (callee === undefined) return null;
  if (callee.type === 'Identifier')
    return callee.name === 'structuredClone' ? { offset: callee.start, named: true } : null;
  if (callee.type !== 'MemberExpression' || callee.computed === true) return null;
  const name = callee.property?.name ?? '';
  const offset = callee.property?.start ?? callee.start;
  if (callee.object?.name === 'JSON') return { offset: callee.object.start, named: true };
  if (NAMED.test(name)) return { offset, named: true };
  return UNNAMED.test(name) ? { offset, named: false } : null;
}

class Lines {
  readonly #starts: readonly number[];
  readonly #length: number;

  constructor(text: string) {
    this.#starts = [0, ...[...text.matchAll(/\n/g)].map((found) => found.index + 1)];
    this.#length = text.length;
  }

  offsetOf({ line, column }: Position): number {
    return (this.#starts[line - 1] ?? this.#length) + Math.max(0, column - 1);
  }

  positionOf(offset: number): Position {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#starts[low] as number) + 1 };
  }

  rangeOf(line: number): { readonly from: number; readonly to: number } {
    return { from: this.#starts[line - 1] ?? this.#length, to: this.#starts[line] ?? this.#length + 1 };
  }
}
