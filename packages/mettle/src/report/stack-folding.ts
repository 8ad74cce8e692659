import type { Frame, SourceLocation } from '../evidence/index.ts';

/** A line of a stack as shown: a frame of the application, or a run of frames that are not its own. */
export type StackLine =
  | { readonly kind: 'frame'; readonly frame: Frame }
  /** `entry`: the outermost frame of the run, the function that the application called. */
  | {
      readonly kind: 'fold';
      readonly origin: string;
      readonly entry: Frame;
      readonly frames: readonly Frame[];
    };

/**
 * The stack with runs of Node's and dependencies' frames folded, innermost first. `location` tells
 * which package is the server itself: one started by npx lies in node_modules as a whole.
 */
export function foldStack(frames: readonly Frame[], location?: SourceLocation): StackLine[] {
  const own = location === undefined ? null : packageOf(location.file);
  const lines: StackLine[] = [];
  for (const frame of frames) {
    const origin = originOf(frame, own);
    const last = lines.at(-1);
    if (origin === null) lines.push({ kind: 'frame', frame });
    else if (last?.kind === 'fold' && last.origin === origin)
      lines[lines.length - 1] = { kind: 'fold', origin, entry: frame, frames: [...last.frames, frame] };
    else lines.push({ kind: 'fold', origin, entry: frame, frames: [frame] });
  }
  return lines;
}

/** Null for the application's own code. */
function originOf(frame: Frame, own: string | null): string | null {
  if (frame.file === '' || frame.file.startsWith('node:')) return 'Node.js';
  const name = packageOf(frame.file);
  return name === own ? null : name;
}

function packageOf(file: string): string | null {
  const parts = file.split(/[/\\]node_modules[/\\]/);
  if (parts.length < 2) return null;
  const [first, second] = (parts.at(-1) ?? '').split(/[/\\]/);
  if (first === undefined) return null;
  return first.startsWith('@') && second !== undefined ? `${first}/${second}` : first;
}
