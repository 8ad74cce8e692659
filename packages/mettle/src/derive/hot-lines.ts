import type { CpuProfileEvidence, SourceExcerpt, SourcesEvidence } from '../evidence/index.ts';
import { redactText } from '../evidence/index.ts';
import { atCallSites, type SourceText } from './call-sites.ts';
import { regexNames } from './causes/idioms.ts';
import { viewProfile, type PathStep } from './profile-view.ts';

/** A line with less of its subject's time is no cause that anybody reports. */
const HOT_SHARE = 0.01;
/** Lines shown around a hot one: a call written over several lines, and what a reader needs to find it. */
const AROUND = 2;
/** Longer lines are generated; what a position of line precision means there, nobody knows. */
const MOST_CHARACTERS = 300;

/** The source text where the profile's time was spent: hot lines, calls that led there, patterns that they use. */
export function hotSources(evidence: CpuProfileEvidence, sourceOf: SourceText): SourcesEvidence {
  const files = new Map<
    string,
    { readonly lines: Map<number, string>; readonly calls: SourceExcerpt['calls'][number][] }
  >();
  const excerptOf = (file: string) => {
    let excerpt = files.get(file);
    if (excerpt === undefined) {
      excerpt = { lines: new Map(), calls: [] };
      files.set(file, excerpt);
    }
    return excerpt;
  };
  const quote = (file: string, all: readonly string[], from: number, to: number): void => {
    for (let line = Math.max(1, from); line <= Math.min(to, all.length); line++)
      excerptOf(file).lines.set(line, shortened(all[line - 1] as string));
  };
  const { leaves, edges } = hotPlaces(evidence);
  for (const { file, line } of leaves) {
    const all = sourceOf(file)?.split(/\r?\n/);
    if (all === undefined) continue;
    quote(file, all, line - AROUND, line + AROUND);
    for (const name of regexNames(all[line - 1] ?? '')) {
      const at =
        all.findIndex((text) =>
          new RegExp(String.raw`(?<![\w$.])${name.replaceAll('$', String.raw`\$`)}\s*=\s*/`).test(text),
        ) + 1;
      if (at > 0) quote(file, all, at, at);
    }
  }
  for (const { caller, callee } of edges) {
    const moved = atCallSites([callee.frame, caller.frame], sourceOf)[1];
    if (moved === undefined || moved === caller.frame) continue;
    const { file, line, column } = caller.frame;
    excerptOf(file).calls.push({ line, column, callee: callee.frame.function, at: moved.line });
    quote(file, sourceOf(file)?.split(/\r?\n/) ?? [], moved.line, moved.line);
  }
  return {
    files: Object.fromEntries(
      [...files].map(([file, { lines, calls }]) => [file, { lines: Object.fromEntries(lines), calls }]),
    ),
  };
}

function shortened(text: string): string {
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
