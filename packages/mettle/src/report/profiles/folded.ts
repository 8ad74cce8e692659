import type { CallTree } from '../../derive/call-tree.ts';
import type { ProfileFrame } from '../../derive/profile-frames.ts';
import { OUTSIDE_CALLS } from '../../derive/profile-frames.ts';
import { printable } from '../printable.ts';

/**
 * Folded stacks, one line per call path: `tool;caller;function samples`, as flamegraph.pl, speedscope and
 * inferno read them. The tool stands without a prefix: it is the first frame of every line.
 */
export function renderFoldedStacks(tree: CallTree): string {
  const names = tree.frames.map(foldedName);
  const toolNames = new Map(
    tree.subjects.map((subject) => [
      subject.node,
      folded(subject.name === '' ? OUTSIDE_CALLS : subject.name),
    ]),
  );
  const stack: string[] = [];
  const depth = new Int32Array(tree.frame.length);
  let text = '';
  for (let i = 1; i < tree.frame.length; i++) {
    const level = depth[tree.parent[i] as number] as number;
    depth[i] = level + 1;
    stack.length = level;
    stack.push(toolNames.get(i) ?? (names[tree.frame[i] as number] as string));
    const samples = tree.selfSamples[i] as number;
    if (samples > 0) text += `${stack.join(';')} ${samples}\n`;
  }
  return text;
}

function foldedName(frame: ProfileFrame): string {
  return folded(
    frame.file === '' ? frame.name : `${frame.name} (${frame.file}${frame.line > 0 ? `:${frame.line}` : ''})`,
  );
}

/** Semicolons separate frames and the last blank separates the count: neither may come from a name. */
function folded(name: string): string {
  return printable(name).replaceAll(';', ',').trim();
}
