import type { CpuProfileEvidence, Frame } from '../evidence/index.ts';
import type { SourceText } from './call-sites.ts';
import { definitionIn, idiomsOf } from './causes/idioms.ts';
import type { GeneratedCode } from './generated-code.ts';
import type { OpenSourceMap, OriginalPosition } from './source-map.ts';

type Profile = CpuProfileEvidence['profile'];
type ProfileNode = Profile['nodes'][number];
type Ticks = NonNullable<ProfileNode['positionTicks']>;

/** A script whose places have another origin than the script itself. */
export interface MappedScript {
  readonly map: OpenSourceMap;
  /** The script's structure, read when it is first asked for; null when its text is not to be had. */
  code(): GeneratedCode | null;
}
/** The script of a profile's frame; null where its places are the original ones. */
export type MappedScriptOf = (url: string, scriptId: string) => MappedScript | null;

/** A profile at the places that people wrote. */
export interface PlacedProfile {
  readonly profile: Profile;
  /** Nodes whose line is known by elimination only: the generated line holds the whole function. */
  readonly inferred: readonly number[];
  /** Nodes of such functions that have several costly calls, so that nobody can tell which line it was. */
  readonly unplaced: readonly number[];
}

/**
 * The profile with every position that a map knows replaced by the original one, and functions called what they were
 * called. Positions that no map knows stay as they are.
 */
export function placeProfile(
  profile: Profile,
  scriptOf: MappedScriptOf,
  originalText: SourceText,
): PlacedProfile {
  const known = new Map<string, readonly string[]>();
  const originalLines = (file: string): readonly string[] => {
    const lines = known.get(file) ?? originalText(file)?.split(/\r?\n/) ?? [];
    known.set(file, lines);
    return lines;
  };
  const inferred: number[] = [];
  const unplaced: number[] = [];
  const nodes = profile.nodes.map((node) => {
    const script = scriptOf(node.callFrame.url, node.callFrame.scriptId);
    const placed = script === null ? null : placeNode(node, { script, originalLines });
    if (placed === null) return node;
    if (placed.known === 'inferred') inferred.push(node.id);
    if (placed.known === 'not') unplaced.push(node.id);
    return placed.node;
  });
  return { profile: { ...profile, nodes }, inferred, unplaced };
}

/** How well the lines of a node's own time are known. */
type Known = 'exactly' | 'inferred' | 'not';

function placeNode(
  node: ProfileNode,
  placing: Placing,
): { readonly node: ProfileNode; readonly known: Known } | null {
  const { callFrame, positionTicks } = node;
  const { map } = placing.script;
  const begin = { line: callFrame.lineNumber + 1, column: callFrame.columnNumber + 1 };
  // The top level of a bundle begins in whatever file came first, and is the code of all of them.
  if (callFrame.functionName === '' && begin.line === 1 && begin.column === 1 && map.sources.length > 1)
    return null;
  const at = map.originalPosition(begin);
  if (at === null) return null;
  const ticks = positionTicks === undefined ? null : placeTicks(node, at, placing);
  return {
    known: ticks?.known ?? 'exactly',
    node: {
      ...node,
      callFrame: {
        ...callFrame,
        functionName: map.originalName(begin, callFrame.functionName) ?? callFrame.functionName,
        url: urlOf(at.file),
        lineNumber: at.line - 1,
        columnNumber: at.column - 1,
      },
      ...(ticks === null ? {} : { positionTicks: ticks.ticks }),
    },
  };
}

/** As V8 names files, so that other viewers of the profile find them too; a Windows path as well. */
function urlOf(file: string): string {
  const path = file.replaceAll('\\', '/');
  if (!/^(?:\/|[A-Za-z]:\/)/.test(path)) return file;
  const encoded = encodeURI(path).replaceAll(/[?#]/g, encodeURIComponent);
  return `file://${path.startsWith('/') ? '' : '/'}${encoded}`;
}

interface Placing {
  readonly script: MappedScript;
  readonly originalLines: (file: string) => readonly string[];
}

/**
 * Ticks have lines without columns. A generated line that holds several original ones does not tell which it was:
 * then what the function calls may. Ticks that fall into another file (inlined code) are left out.
 */
function placeTicks(
  node: ProfileNode,
  begin: OriginalPosition,
  placing: Placing,
): { readonly ticks: Ticks; readonly known: Known } {
  const byLine = new Map<number, number>();
  let known: Known = 'exactly';
  for (const tick of node.positionTicks ?? []) {
    const beginsThere = tick.line === node.callFrame.lineNumber + 1;
    const from = beginsThere ? node.callFrame.columnNumber + 1 : 1;
    const rest = placing.script.map.rest({ line: tick.line, column: from });
    const there = beginsThere ? begin : (rest?.first ?? null);
    let line = there?.file === begin.file ? there.line : null;
    if (rest !== null && (rest.severalLines || rest.first.line !== there?.line)) {
      const cost = costlyLine(node, tick.line, begin.file, placing);
      if (cost === 'ambiguous') known = 'not';
      else if (cost !== 'none' && known === 'exactly') known = 'inferred';
      line = cost === 'ambiguous' ? null : cost === 'none' ? line : cost;
    }
    if (line !== null) byLine.set(line, (byLine.get(line) ?? 0) + tick.ticks);
  }
  return { ticks: [...byLine].map(([line, ticks]) => ({ line, ticks })), known };
}

/** The original line of the only costly call that the function makes itself on a generated line. */
function costlyLine(
  node: ProfileNode,
  line: number,
  file: string,
  { script, originalLines }: Placing,
): number | 'none' | 'ambiguous' {
  const code = script.code();
  const { lineNumber, columnNumber } = node.callFrame;
  const own = code?.functionAt({ line: lineNumber + 1, column: columnNumber + 1 }) ?? null;
  if (own === null) return 'ambiguous';
  const text = originalLines(file);
  const suspects = own.costlyCalls(line).flatMap((call) => {
    const at = script.map.originalPosition(call);
    const written = at === null || at.file !== file ? '' : (text[at.line - 1] ?? '');
    return at !== null && idiomsOf(written, (name) => definitionIn(text, name)).length > 0
      ? [{ call, line: at.line }]
      : [];
  });
  const [only] = suspects;
  if (only === undefined) return 'none';
  const sameLine = suspects.every((suspect) => suspect.line === only.line);
  return sameLine && suspects.some(({ call }) => own.onlyCost(call, line)) ? only.line : 'ambiguous';
}

/** A frame of a stack, whose line and column are exact, at its original place; as it is where the map does not know it. */
export function placeFrame(frame: Frame, script: MappedScript | null): Frame {
  const at = script?.map.originalPosition(frame) ?? null;
  if (script === null || at === null) return frame;
  const last = /[\p{L}_$][\p{L}\p{N}_$]*$/u.exec(frame.function)?.[0] ?? '';
  const begin = last === '' ? undefined : script.code()?.functionAround(frame)?.begin;
  const name = begin === undefined ? null : script.map.originalName(begin, last);
  return {
    ...at,
    function:
      name === null ? frame.function : frame.function.slice(0, frame.function.length - last.length) + name,
  };
}

/** The value with every `stack` within it placed frame by frame. */
export function placeStacks<T>(value: T, place: (frame: Frame) => Frame): T {
  if (Array.isArray(value)) return value.map((entry: unknown) => placeStacks(entry, place)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => [
      key,
      key === 'stack' && Array.isArray(inner) ? inner.map(place) : placeStacks(inner, place),
    ]),
  ) as T;
}
