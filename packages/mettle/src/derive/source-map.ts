import {
  FlattenMap,
  LEAST_UPPER_BOUND,
  originalPositionFor,
  traceSegment,
  type TraceMap,
} from '@jridgewell/trace-mapping';
import type { CpuProfileEvidence } from '../evidence/index.ts';

type Profile = CpuProfileEvidence['profile'];
type ProfileNode = Profile['nodes'][number];

/** A place in generated or original code; line and column counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
export interface OriginalPosition extends Position {
  /** A path or URL, resolved against the map's own place. */
  readonly file: string;
}

/** A source map opened for looking up positions. */
export interface OpenSourceMap {
  /** Null where the map says nothing of the line. */
  originalPosition(generated: Position): OriginalPosition | null;
  /** How many files the script was made of. */
  readonly sourceCount: number;
  /** The name, before it was minified, of a function that begins here and is now called `functionName`; null where the map does not tell. */
  originalName(begin: Position, functionName: string): string | null;
}

/**
 * Opens a source map (its JSON, parsed or as text; sectioned maps too) that was found at `mapUrl`: a path, or a
 * `file:` URL; for an inline map the script's own. Null when it is no usable source map: then the generated
 * position is the best there is.
 */
export function openSourceMap(raw: unknown, mapUrl: string): OpenSourceMap | null {
  let map: TraceMap;
  try {
    const parsed: unknown = typeof raw === 'string' ? JSON.parse(raw.replace(/^\)\]\}'[^\n]*\n/, '')) : raw;
    if (typeof parsed !== 'object' || parsed === null) return null;
    map = new FlattenMap(parsed as ConstructorParameters<typeof FlattenMap>[0], mapUrl);
    // The mappings are decoded at the first look-up, and fail there when they are broken.
    originalPositionFor(map, { line: 1, column: 0 });
  } catch {
    return null;
  }
  return {
    sourceCount: map.sources.length,
    originalPosition: (generated) => lookUp(map, generated),
    originalName: (begin, functionName) => nameBefore(map, begin, functionName),
  };
}

function lookUp(map: TraceMap, { line, column }: Position): OriginalPosition | null {
  if (line < 1) return null;
  const needle = { line, column: Math.max(0, column - 1) };
  let found = originalPositionFor(map, needle);
  // Before the line's first mapping (an indented line, or a line known without its column) the next one counts.
  if (found.source === null) found = originalPositionFor(map, { ...needle, bias: LEAST_UPPER_BOUND });
  if (found.source === null) return null;
  return { file: found.source, line: found.line, column: found.column + 1 };
}

/** `f(…) {`, `f=async …`, `f: …`, `f = …`: so far apart do a name and the beginning of its function stand at most. */
const NAME_TO_FUNCTION = 3;

/**
 * V8 puts a function's beginning at its parenthesis, an arrow function's at its first token. The last token before
 * it is the name only if it is as long as the name V8 gives; otherwise it may be anything, such as a callee.
 */
function nameBefore(map: TraceMap, { line, column }: Position, functionName: string): string | null {
  const begin = column - 1;
  if (line < 1 || begin < 1 || functionName === '') return null;
  const segment = traceSegment(map, line - 1, begin - 1);
  if (segment === null || segment.length !== 5) return null;
  const apart = begin - segment[0] - functionName.length;
  return apart >= 0 && apart <= NAME_TO_FUNCTION ? (map.names[segment[4]] ?? null) : null;
}

/**
 * The profile with every position that a map knows replaced by the original one; `maps` by the script's URL as
 * the profile has it. Positions that no map knows stay as they are.
 */
export function remapProfile(profile: Profile, maps: ReadonlyMap<string, unknown>): Profile {
  const opened = new Map<string, OpenSourceMap | null>();
  const mapFor = (url: string): OpenSourceMap | null => {
    let map = opened.get(url);
    if (map === undefined) {
      map = maps.has(url) ? openSourceMap(maps.get(url), url) : null;
      opened.set(url, map);
    }
    return map;
  };
  return { ...profile, nodes: profile.nodes.map((node) => remapNode(node, mapFor(node.callFrame.url))) };
}

function remapNode(node: ProfileNode, map: OpenSourceMap | null): ProfileNode {
  const { callFrame, positionTicks } = node;
  const begin = { line: callFrame.lineNumber + 1, column: callFrame.columnNumber + 1 };
  const at = map?.originalPosition(begin) ?? null;
  if (map === null || at === null) return node;
  // The top level of a bundle begins in whatever file came first, and is the code of all of them.
  if (callFrame.functionName === '' && begin.line === 1 && begin.column === 1 && map.sourceCount > 1)
    return node;
  return {
    ...node,
    callFrame: {
      ...callFrame,
      functionName: map.originalName(begin, callFrame.functionName) ?? callFrame.functionName,
      url: at.file,
      lineNumber: at.line - 1,
      columnNumber: at.column - 1,
    },
    ...(positionTicks === undefined ? {} : { positionTicks: remapTicks(node, at, map) }),
  };
}

/**
 * Ticks have lines without columns. Those of the line where the function begins stay with its beginning: in
 * minified code that line is the whole bundle. Those that fall into another file (inlined code) are left out.
 */
function remapTicks(
  node: ProfileNode,
  begin: OriginalPosition,
  map: OpenSourceMap,
): NonNullable<ProfileNode['positionTicks']> {
  const byLine = new Map<number, number>();
  for (const tick of node.positionTicks ?? []) {
    const at =
      tick.line === node.callFrame.lineNumber + 1
        ? begin
        : map.originalPosition({ line: tick.line, column: 1 });
    if (at !== null && at.file === begin.file) byLine.set(at.line, (byLine.get(at.line) ?? 0) + tick.ticks);
  }
  return [...byLine].map(([line, ticks]) => ({ line, ticks }));
}
