import { regexShape } from './regex-shape.ts';

/** A costly call that V8's profile shows no frame for, as the text of a line has it. */
export interface Idiom {
  readonly cause: 'large-json-parse' | 'large-json-stringify' | 'deep-clone-per-call' | 'regex-backtracking';
  /** What is called; for a regular expression its source, or '' when the line does not have it. */
  readonly what: string;
  /** Whether the text leaves no doubt. */
  readonly certain: boolean;
}

const JSON_CLONE = /\bJSON\.parse\(\s*JSON\.stringify\(/;
const CALLS = [
  { pattern: /\bstructuredClone\(/, cause: 'deep-clone-per-call', what: 'structuredClone' },
  { pattern: /\bJSON\.parse\(/, cause: 'large-json-parse', what: 'JSON.parse' },
  { pattern: /\bJSON\.stringify\(/, cause: 'large-json-stringify', what: 'JSON.stringify' },
] as const;

/**
 * The costly calls on a line, the likeliest first. `definitionOf` knows the pattern that a name stands for.
 * Regular expressions that cannot backtrack far are none.
 */
export function idiomsOf(line: string, definitionOf: (name: string) => string | null): readonly Idiom[] {
  const text = line.replace(/^\s*(?:\/\/|\*).*$|\s\/\/.*$/, '');
  const calls: Idiom[] = JSON_CLONE.test(text)
    ? [{ cause: 'deep-clone-per-call', what: 'JSON.parse(JSON.stringify())', certain: true }]
    : CALLS.flatMap(({ pattern, cause, what }) =>
        pattern.test(text) ? [{ cause, what, certain: true }] : [],
      );
  const all = [...calls, ...regexIdioms(text, definitionOf)];
  return all.length < 2 ? all : all.map((idiom) => ({ ...idiom, certain: false }));
}

/** The pattern's shape decides: what can only be linear is slow for another reason. */
function regexIdioms(text: string, definitionOf: (name: string) => string | null): readonly Idiom[] {
  const known = [...regexLiterals(text), ...regexNames(text).flatMap((name) => definitionOf(name) ?? [])];
  const shaped = known.map((source) => ({ source, shape: regexShape(source) }));
  const worst =
    shaped.find(({ shape }) => shape === 'exponential') ?? shaped.find(({ shape }) => shape === 'polynomial');
  if (worst !== undefined)
    return [{ cause: 'regex-backtracking', what: worst.source, certain: worst.shape === 'exponential' }];
  // Only regular expressions have a method `test` that takes something; whose pattern it is stands elsewhere.
  const blind = shaped.length === 0 && /[\w$)\]]\.test\(\s*[^)\s]/.test(text);
  return blind || shaped.some(({ shape }) => shape === 'unknown')
    ? [{ cause: 'regex-backtracking', what: shaped[0]?.source ?? '', certain: false }]
    : [];
}

/** Names on the line that are used as regular expressions. */
export function regexNames(text: string): readonly string[] {
  const receivers = [...text.matchAll(/(?<![\w$.])([A-Za-z_$][\w$]*)\.(?:test|exec)\(/g)];
  const passed = [
    ...text.matchAll(/\.(?:match|matchAll|replace|replaceAll|search|split)\(\s*([A-Za-z_$][\w$]*)\s*[,)]/g),
  ];
  return [...new Set([...receivers, ...passed].map((found) => found[1] as string))];
}

/** Whether the line gives the name a regular expression. */
export function definesRegex(text: string, name: string): boolean {
  return new RegExp(String.raw`(?<![\w$.])${name.replaceAll('$', String.raw`\$`)}\s*=\s*/`).test(text);
}

/** The pattern that the lines give to a name; null when they do not. */
export function definitionIn(lines: readonly string[], name: string): string | null {
  const text = lines.find((line) => definesRegex(line, name));
  return text === undefined ? null : (regexLiterals(text)[0] ?? null);
}

/** Which of the lines (by index) use the pattern: written out, or by a name that one of them gives it. */
export function patternUses(lines: readonly string[], source: string): readonly number[] {
  const literal = `/${source}/`;
  const nameGiven = (text: string): string | undefined =>
    text.includes(literal) ? /([A-Za-z_$][\w$]*)\s*=\s*\//.exec(text)?.[1] : undefined;
  const names = new Set(lines.map(nameGiven).filter((name) => name !== undefined));
  return [...lines.keys()].filter((i) => {
    const text = lines[i] as string;
    return (
      regexNames(text).some((name) => names.has(name)) ||
      (text.includes(literal) && nameGiven(text) === undefined)
    );
  });
}

/** The sources of the regular expressions that are written out in the text. */
export function regexLiterals(text: string): readonly string[] {
  // A slash begins a literal where an operand is due; after a name, a number or a closing bracket it divides.
  const literal =
    /(?:^|[=(,:[!&|?{};\s]|\breturn\b)\/((?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[*])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[])*)\/[dgimsuvy]*(?=\s*(?:[.,;)\]}:?&|]|$))/g;
  return [...text.matchAll(literal)].map((found) => found[1] as string);
}
