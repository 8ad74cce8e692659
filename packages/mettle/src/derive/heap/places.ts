import { filePath } from '../profile-view.ts';
import { NONE } from './graph.ts';
import type { HeapGraph } from './graph.ts';

/** Where a function or a class was written. */
export interface HeapPlace {
  /** As an absolute path, `node:…` for Node's own; '' when the snapshot does not tell. */
  readonly file: string;
  /** Counted from 1; 0 when unknown. */
  readonly line: number;
  readonly column: number;
  /** '' when it has no name. */
  readonly function: string;
}

/** A variable that a module exports, as V8 keeps it. */
interface ExportCell {
  readonly module: number;
  readonly name: string;
}

/** What the snapshot tells of scripts: files of functions, of scopes and of modules, and where functions stand. */
export class HeapPlaces {
  readonly #graph: HeapGraph;
  readonly #files: Map<number, string>;
  /** A closure for each scope that has or inherits one: both were written in the same script. */
  #closureOfScope: Map<number, number> | null = null;
  #exports: Map<number, ExportCell> | null = null;

  /** `scripts`: files by V8's script id, as a debugger reports them, for what the snapshot itself does not name. */
  constructor(graph: HeapGraph, scripts: ReadonlyMap<number, string> = new Map()) {
    this.#graph = graph;
    this.#files = new Map([...scripts].map(([id, url]) => [id, filePath(url)]));
  }

  /** Where a closure's function literal or an instance's constructor stands; null when the snapshot has no place for it. */
  place(node: number): HeapPlace | null {
    const graph = this.#graph;
    const at = graph.snapshot.locations.get(node);
    const isClosure = graph.kind(node) === 'closure';
    const file = isClosure ? this.fileOfClosure(node) : '';
    const name = graph.name(node);
    if (at === undefined) return file === '' ? null : { file, line: 0, column: 0, function: name };
    return {
      file: file === '' ? this.#fileOfScript(at.scriptId) : file,
      line: at.line,
      column: at.column,
      function: name,
    };
  }

  /** The file of a function; '' when it has none, as V8's own. */
  fileOfClosure(closure: number): string {
    return this.#fileOfCode(this.#graph.follow(closure, 'shared'));
  }

  /** The file of a function's or a module's variables; '' when no function of theirs is left to tell. */
  fileOfScope(scope: number): string {
    const closure = this.#scopes().get(scope);
    return closure === undefined ? '' : this.fileOfClosure(closure);
  }

  /** Whether the variables are a module's own, not those of a function in it. */
  isModuleScope(scope: number): boolean {
    const graph = this.#graph;
    const extension = graph.follow(scope, 'extension');
    if (extension !== NONE && isModule(graph, extension)) return true;
    const outer = graph.follow(scope, 'previous');
    if (outer !== NONE && graph.isScope(outer)) return false;
    return this.functionOfScope(scope) === '';
  }

  /** The name of the function whose variables these are; '' for those of a module, a block or an anonymous function. */
  functionOfScope(scope: number): string {
    const graph = this.#graph;
    const info = graph.follow(scope, 'scope_info');
    if (info === NONE) return '';
    const { firstEdge, edgeTo } = graph.snapshot;
    // A ScopeInfo holds the names of its variables, and right after them that of its function.
    let last = '';
    let begun = false;
    for (let edge = firstEdge[info] as number; edge < (firstEdge[info + 1] as number); edge++) {
      if (graph.edgeKind(edge) !== 'hidden') continue;
      const to = edgeTo[edge] as number;
      const isName = graph.kind(to) === 'string';
      if (begun && !isName) break;
      if (isName) last = graph.name(to);
      begun ||= isName;
    }
    return this.#variables(scope).includes(last) ? '' : last;
  }

  /** The file of an ECMAScript module, and the name of one of its exports, by the cell that V8 keeps it in. */
  exportOf(cell: number): { readonly file: string; readonly name: string } | null {
    const found = this.#cells().get(cell);
    return found === undefined ? null : { file: this.#fileOfModule(found.module), name: found.name };
  }

  #variables(scope: number): readonly string[] {
    const graph = this.#graph;
    const { firstEdge } = graph.snapshot;
    const names: string[] = [];
    for (let edge = firstEdge[scope] as number; edge < (firstEdge[scope + 1] as number); edge++)
      if (graph.edgeKind(edge) === 'context') names.push(graph.edgeName(edge));
    return names;
  }

  #fileOfScript(scriptId: number): string {
    if (!this.#files.has(scriptId)) this.#learnFiles();
    return this.#files.get(scriptId) ?? '';
  }

  /** Functions have both: the number of their script in their place, its name in their code. */
  #learnFiles(): void {
    for (const [node, scriptId] of this.#graph.snapshot.locations.scripts()) {
      if (this.#files.has(scriptId) || this.#graph.kind(node) !== 'closure') continue;
      const file = this.fileOfClosure(node);
      if (file !== '') this.#files.set(scriptId, file);
    }
  }

  #fileOfCode(shared: number): string {
    const graph = this.#graph;
    let script = graph.follow(shared, 'script');
    if (script === NONE) script = graph.follow(shared, 'script_or_debug_info');
    if (script !== NONE && graph.name(script).startsWith('system / DebugInfo')) {
      const inner = graph.follow(graph.follow(script, 'shared'), 'script');
      script = inner === NONE ? script : inner;
    }
    if (script === NONE) return '';
    const name = graph.name(script);
    return /^(system \/|\()|^$/.test(name) ? '' : filePath(name);
  }

  #scopes(): Map<number, number> {
    if (this.#closureOfScope !== null) return this.#closureOfScope;
    const graph = this.#graph;
    const known = new Map<number, number>();
    const closures = graph.typesOf('closure');
    for (let node = 0; node < graph.nodeCount; node++) {
      if (closures[graph.snapshot.type[node] as number] !== 1) continue;
      let scope = graph.follow(node, 'context');
      while (scope !== NONE && !known.has(scope) && graph.isScope(scope)) {
        known.set(scope, node);
        scope = graph.follow(scope, 'previous');
      }
    }
    this.#closureOfScope = known;
    return known;
  }

  #cells(): Map<number, ExportCell> {
    if (this.#exports !== null) return this.#exports;
    const graph = this.#graph;
    const cells = new Map<number, ExportCell>();
    const hidden = graph.typesOf('hidden');
    const modules = graph.wordsFor('system / SourceTextModule');
    for (let node = 0; node < graph.nodeCount; node++) {
      if (hidden[graph.snapshot.type[node] as number] !== 1) continue;
      if (modules.has(graph.snapshot.name[node] as number)) this.#addCells(cells, node);
    }
    this.#exports = cells;
    return cells;
  }

  /** A module keeps its exports in a hash table: a name, and in the place after it the cell of the variable. */
  #addCells(cells: Map<number, ExportCell>, module: number): void {
    const graph = this.#graph;
    const { firstEdge, edgeTo } = graph.snapshot;
    for (let edge = firstEdge[module] as number; edge < (firstEdge[module + 1] as number); edge++) {
      const table = edgeTo[edge] as number;
      if (graph.kind(table) !== 'array') continue;
      const names = new Map<number, string>();
      const found = new Map<number, number>();
      for (let entry = firstEdge[table] as number; entry < (firstEdge[table + 1] as number); entry++) {
        const to = edgeTo[entry] as number;
        const index = Number(graph.edgeName(entry));
        if (!Number.isInteger(index)) continue;
        if (graph.kind(to) === 'string') names.set(index, graph.name(to));
        else if (graph.name(to) === 'system / Cell') found.set(index, to);
      }
      for (const [index, cell] of found) {
        const name = names.get(index - 1);
        if (name !== undefined && !cells.has(cell)) cells.set(cell, { module, name });
      }
    }
  }

  #fileOfModule(module: number): string {
    const graph = this.#graph;
    const { firstEdge, edgeTo } = graph.snapshot;
    for (let edge = firstEdge[module] as number; edge < (firstEdge[module + 1] as number); edge++) {
      const to = edgeTo[edge] as number;
      const closure = graph.kind(to) === 'closure' ? to : graph.follow(to, 'function');
      const file = closure === NONE ? this.#fileOfCode(to) : this.fileOfClosure(closure);
      if (file !== '') return file;
    }
    return '';
  }
}

function isModule(graph: HeapGraph, node: number): boolean {
  return graph.name(node) === 'system / SourceTextModule';
}
