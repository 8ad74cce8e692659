import type { BlockingEvidence, Frame } from '../evidence/index.ts';
import { isInternal } from './frames.ts';
import { COMPILED_REGEXP } from './profile-view.ts';

/** Text of a source file as the runtime loaded it; null when it is not to be had. */
export type SourceText = (file: string) => string | null;

/** A function longer than this is searched no further: the first call of a name that far away may be another function's. */
const MOST_LINES = 400;

/**
 * The stack with each caller's line moved from the start of its function, which is all that V8's CPU profile knows of
 * a caller, to the line on which it calls the next frame by name. A call that is not written by name (an alias, a
 * callback) leaves the line as it is.
 */
export function atCallSites(stack: readonly Frame[], sourceOf: SourceText): readonly Frame[] {
  return stack.map((frame, i) => {
    const callee = stack[i - 1];
    // A regular expression's frame ends in its pattern: no name to look for.
    if (callee === undefined || callee.function.startsWith(COMPILED_REGEXP)) return frame;
    if (isInternal(frame) || frame.line < 1) return frame;
    const line = lineOfCall(frame, callee.function, sourceOf);
    return line === null ? frame : { ...frame, ...line };
  });
}

/** The evidence with every stretch's stack at its call sites. */
export function blockingAtCallSites(blocking: BlockingEvidence, sourceOf: SourceText): BlockingEvidence {
  return {
    ...blocking,
    stretches: blocking.stretches.map((stretch) => ({
      ...stretch,
      stack: atCallSites(stretch.stack, sourceOf),
    })),
  };
}

function lineOfCall(
  frame: Frame,
  calleeName: string,
  sourceOf: SourceText,
): { readonly line: number; readonly column: number } | null {
  const name = /([\p{L}_$][\p{L}\p{N}_$]*)$/u.exec(calleeName)?.[1];
  const text = name === undefined ? null : sourceOf(frame.file);
  if (name === undefined || text === null) return null;
  const call = new RegExp(
    String.raw`(?<![\p{L}\p{N}_$])${name.replaceAll('$', String.raw`\$`)}\s*(?:\?\.)?\(`,
    'u',
  );
  const lines = text.split('\n', frame.line + MOST_LINES);
  let depth = 0;
  let entered = false;
  for (let i = frame.line - 1; i < lines.length; i++) {
    // V8 names a function's place by its parameter list: what stands before it on that line belongs to the caller.
    const from = i === frame.line - 1 ? Math.max(0, frame.column - 1) : 0;
    const line = (lines[i] ?? '').slice(from);
    const found = call.exec(line);
    if (found !== null && !line.trimStart().startsWith('//'))
      return { line: i + 1, column: from + found.index + 1 };
    // Braces in strings and comments may mislead this count; then the search ends early or late, and the name decides.
    for (const letter of line) {
      if (letter === '{') {
        depth += 1;
        entered = true;
      } else if (letter === '}') depth -= 1;
    }
    if (entered && depth <= 0) return null;
  }
  return null;
}
