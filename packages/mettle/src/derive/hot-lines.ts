import type { CpuProfileEvidence, Frame, SourceExcerpt, SourcesEvidence } from '../evidence/index.ts';
import { redactText } from '../evidence/index.ts';
import { atCallSites, type SourceText } from './call-sites.ts';
import { definesRegex, patternUses, regexNames } from './causes/idioms.ts';
import { viewProfile, type PathStep } from './profile-view.ts';

/** A line with less of its subject's time is no cause that anybody reports. */
const HOT_SHARE = 0.01;
/** Lines shown around a hot one: a call written over several lines, and what a reader needs to find it. */
export const AROUND = 3;
/** Longer lines are generated; what a position of line precision means there, nobody knows. */
const MOST_CHARACTERS = 300;
/** How V8 names the code that a regular expression was compiled to. */
const PATTERN_FRAME = 'RegExp: ';

/** The source text where the profile's time was spent: hot lines, calls that led there, patterns that they use. */
export function hotSources(evidence: CpuProfileEvidence, sourceOf: SourceText): SourcesEvidence {
  const excerpts = new Excerpts(sourceOf);
  const { leaves, edges } = hotPlaces(evidence);
  for (const { file, line } of leaves) {
    excerpts.quote(file, line - AROUND, line + AROUND);
    const all = excerpts.linesOf(file);
    for (const name of regexNames(all[line - 1] ?? '')) {
      const at = all.findIndex((text) => definesRegex(text, name)) + 1;
      if (at > 0) excerpts.quote(file, at, at);
    }
  }
  for (const { caller, callee } of edges) {
    const { file, column } = caller.frame;
    if (callee.frame.function.startsWith(PATTERN_FRAME)) {
      excerpts.quotePattern(file, callee.frame.function.slice(PATTERN_FRAME.length));
      continue;
    }
    const moved = column > 0 ? atCallSites([callee.frame, caller.frame], sourceOf)[1] : undefined;
    if (moved !== undefined && moved !== caller.frame)
      excerpts.noteCall(caller.frame, callee.frame.function, moved.line);
  }
  const unread = new Set(
    leaves.map(({ file }) => file).filter((file) => excerpts.linesOf(file).length === 0),
  );
  return { files: excerpts.files(), unread: [...unread] };
}

/** Excerpts of source files in the making. */
class Excerpts {
  readonly #sourceOf: SourceText;
  readonly #known = new Map<string, readonly string[]>();
  readonly #files = new Map<
    string,
    { readonly lines: Map<number, string>; readonly calls: SourceExcerpt['calls'][number][] }
  >();

  constructor(sourceOf: SourceText) {
    this.#sourceOf = sourceOf;
  }

  /** The whole file by lines; none when it cannot be read. */
  linesOf(file: string): readonly string[] {
    let lines = this.#known.get(file);
    if (lines === undefined) {
      lines = this.#sourceOf(file)?.split(/\r?\n/) ?? [];
      this.#known.set(file, lines);
    }
    return lines;
  }

  quote(file: string, from: number, to: number): void {
    const all = this.linesOf(file);
    for (let line = Math.max(1, from); line <= Math.min(to, all.length); line++)
      this.#of(file).lines.set(line, shortened(all[line - 1] as string));
  }

  /** The lines that use the pattern, and those that hold it. */
  quotePattern(file: string, source: string): void {
    const all = this.linesOf(file);
    for (const use of patternUses(all, source)) this.quote(file, use + 1, use + 1);
    all.forEach((text, i) => {
      if (text.includes(`/${source}/`)) this.quote(file, i + 1, i + 1);
    });
  }

  noteCall({ file, line, column }: Frame, callee: string, at: number): void {
    this.#of(file).calls.push({ line, column, callee, at });
    this.quote(file, at - AROUND, at + AROUND);
  }

  files(): SourcesEvidence['files'] {
    return Object.fromEntries(
      [...this.#files].map(([file, { lines, calls }]) => [file, { lines: Object.fromEntries(lines), calls }]),
    );
  }

  #of(file: string): {
    readonly lines: Map<number, string>;
    readonly calls: SourceExcerpt['calls'][number][];
  } {
    let excerpt = this.#files.get(file);
    if (excerpt === undefined) {
      excerpt = { lines: new Map(), calls: [] };
      this.#files.set(file, excerpt);
    }
    return excerpt;
  }
}

/** The line as it may be kept: secrets redacted, and cut. */
export function shortened(text: string): string {
  const safe = redactText(text);
  return safe.length > MOST_CHARACTERS ? `${safe.slice(0, MOST_CHARACTERS)}…` : safe;
}

interface Edge {
  readonly caller: PathStep;
  readonly callee: PathStep;
}

/** Lines in which time was spent, and calls on the way there, each with at least one per cent of some subject's time. */
function hotPlaces(evidence: CpuProfileEvidence): {
  readonly leaves: readonly { readonly file: string; readonly line: number }[];
  readonly edges: readonly Edge[];
} {
  const view = viewProfile(evidence.profile);
  const leaves = new Map<string, { readonly file: string; readonly line: number }>();
  const edges = new Map<string, Edge>();
  for (const perNode of timePerNode(evidence)) {
    const total = [...perNode.values()].reduce((sum, us) => sum + us, 0);
    const edgeUs = new Map<string, number>();
    for (const node of evidence.profile.nodes) {
      const us = perNode.get(node.id) ?? 0;
      const path = us > 0 ? view.path(node.id) : [];
      const [leaf] = path;
      if (leaf === undefined) continue;
      for (const { line, share } of linesOf(node)) {
        if (isSource(leaf.frame.file) && us * share >= HOT_SHARE * total)
          leaves.set(`${leaf.frame.file}:${line}`, { file: leaf.frame.file, line });
      }
      new Set(path.keys()).forEach((i) => {
        const [callee, caller] = [path[i], path[i + 1]];
        if (callee === undefined || caller === undefined || !isSource(caller.frame.file)) return;
        const key = `${caller.functionKey}\n${callee.frame.function}`;
        edgeUs.set(key, (edgeUs.get(key) ?? 0) + us);
        if ((edgeUs.get(key) as number) >= HOT_SHARE * total) edges.set(key, { caller, callee });
      });
    }
  }
  return { leaves: [...leaves.values()], edges: [...edges.values()] };
}

/** For each subject, what was spent in each node itself. */
function timePerNode({
  profile,
  subjects,
  sampleSubjects,
  sampleNetUs,
}: CpuProfileEvidence): readonly ReadonlyMap<number, number>[] {
  const perSubject = subjects.map(() => new Map<number, number>());
  profile.samples.forEach((node, i) => {
    const subject = sampleSubjects[i] ?? 0;
    const us = Math.max(0, sampleNetUs?.[i] ?? profile.timeDeltas[i] ?? 0);
    const nodes = perSubject[subject];
    if (subject > 0) nodes?.set(node, (nodes.get(node) ?? 0) + us);
  });
  return perSubject;
}

/** The lines of a node with the share of its ticks that each has. */
export function linesOf(
  node: CpuProfileEvidence['profile']['nodes'][number],
): readonly { readonly line: number; readonly share: number }[] {
  const ticks = (node.positionTicks ?? []).filter((tick) => tick.line > 0);
  const total = ticks.reduce((sum, tick) => sum + tick.ticks, 0);
  return ticks.map((tick) => ({ line: tick.line, share: tick.ticks / total }));
}

/** Whether the file can be somebody's source: no built-in, no code made at run time. */
export function isSource(file: string): boolean {
  return file.includes('/') || file.includes('\\')
    ? !/^(?:node|data|blob|wasm|evalmachine|https?):/.test(file)
    : false;
}
