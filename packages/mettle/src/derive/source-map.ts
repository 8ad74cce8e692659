import {
  decodedMappings,
  FlattenMap,
  LEAST_UPPER_BOUND,
  originalPositionFor,
  traceSegment,
  type TraceMap,
} from '@jridgewell/trace-mapping';
import { filePath } from './profile-view.ts';

/** A place in generated or original code; line and column counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
export interface OriginalPosition extends Position {
  /** A path, or the URL of what is no file; resolved against the map's own place. */
  readonly file: string;
}

/** A source map opened for looking up positions. */
export interface OpenSourceMap {
  /** Null where the map says nothing of the place. A column of 0 or 1 stands for the line. */
  originalPosition(generated: Position): OriginalPosition | null;
  /** Where a generated line comes from, from a column on: its first piece, and whether others have other lines. Null where nothing is mapped. */
  rest(generated: Position): { readonly first: OriginalPosition; readonly severalLines: boolean } | null;
  /** The text of each original file as its lines are in the script: for a file whose own text is nowhere to be had. */
  compiledTexts(script: string): ReadonlyMap<string, string>;
  /** The files that the script was made of, with their text where the map has it. */
  readonly sources: readonly { readonly file: string; readonly text: string | null }[];
  /** The name, before it was minified, of a function that begins here and is now called `functionName`; null where the map does not tell. */
  originalName(begin: Position, functionName: string): string | null;
  /** Whether it maps nothing that `text` does not have: a map of another build often does. */
  fits(text: string): boolean;
}

/**
 * Opens a source map (its JSON, parsed or as text; sectioned maps too) that was found at `mapUrl`: a path, or a
 * `file:` URL; for an inline map the script's own. Null when it is no usable source map: then the generated
 * position is the best there is.
 */
export function openSourceMap(
  raw: unknown,
  mapUrl: string,
  nameFile: (resolved: string) => string = filePath,
): OpenSourceMap | null {
  let map: TraceMap;
  try {
    const parsed: unknown = typeof raw === 'string' ? JSON.parse(raw.replace(/^\)\]\}'[^\n]*\n/, '')) : raw;
    if (typeof parsed !== 'object' || parsed === null) return null;
    map = new FlattenMap(parsed as ConstructorParameters<typeof FlattenMap>[0], mapUrl);
    // The mappings are decoded at the first look-up, and fail there when they are broken.
    originalPositionFor(map, { line: 1, column: 0 });
    if (map.sources.length === 0) return null;
  } catch {
    return null;
  }
  const files = map.resolvedSources.map((source) => nameFile(source));
  return {
    sources: files.map((file, i) => ({ file, text: map.sourcesContent?.[i] ?? null })),
    originalPosition: (generated) => lookUp(map, files, generated),
    rest: (generated) => rest(map, files, generated),
    compiledTexts: (script) => compiledTexts(map, files, script),
    originalName: (begin, functionName) => nameBefore(map, begin, functionName),
    fits: (text) => fits(map, text),
  };
}

function lookUp(
  map: TraceMap,
  files: readonly string[],
  { line, column }: Position,
): OriginalPosition | null {
  if (line < 1) return null;
  let segment = traceSegment(map, line - 1, Math.max(0, column - 1));
  if (segment === null && column <= 1) {
    // An indented line of which only the line is known: its first piece.
    const found = originalPositionFor(map, { line, column: 0, bias: LEAST_UPPER_BOUND });
    segment =
      found.source === null ? null : (decodedMappings(map)[line - 1]?.find((one) => one.length > 1) ?? null);
  }
  if (segment === null || segment.length === 1) return null;
  return { file: files[segment[1]] ?? '', line: segment[2] + 1, column: segment[3] + 1 };
}

function rest(
  map: TraceMap,
  files: readonly string[],
  { line, column }: Position,
): ReturnType<OpenSourceMap['rest']> {
  const segments = decodedMappings(map)[line - 1] ?? [];
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.[0] ?? 0) >= column - 1) high = middle;
    else low = middle + 1;
  }
  let first: OriginalPosition | null = null;
  for (let i = low; i < segments.length; i++) {
    const segment = segments[i];
    if (segment === undefined || segment.length === 1) continue;
    first ??= { file: files[segment[1]] ?? '', line: segment[2] + 1, column: segment[3] + 1 };
    if (segment[2] + 1 !== first.line || files[segment[1]] !== first.file)
      return { first, severalLines: true };
  }
  return first === null ? null : { first, severalLines: false };
}

function compiledTexts(map: TraceMap, files: readonly string[], script: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string[]>();
  const lines = script.split('\n');
  decodedMappings(map).forEach((segments, i) => {
    const text = lines[i] ?? '';
    segments.forEach((segment, k) => {
      if (segment.length === 1) return;
      const file = files[segment[1]] ?? '';
      const made = texts.get(file) ?? [];
      texts.set(file, made);
      made[segment[2]] = (made[segment[2]] ?? '') + text.slice(segment[0], segments[k + 1]?.[0]);
    });
  });
  return new Map(
    [...texts].map(([file, made]) => [
      file,
      Array.from(made, (line: string | undefined) => line ?? '').join('\n'),
    ]),
  );
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

function fits(map: TraceMap, text: string): boolean {
  const lines = text.split('\n');
  return decodedMappings(map).every((segments, i) => {
    const last = segments.at(-1);
    return last === undefined || last[0] <= (lines[i]?.length ?? -1);
  });
}
