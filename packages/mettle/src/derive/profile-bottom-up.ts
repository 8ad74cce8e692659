import type { CallTree } from './call-tree.ts';
import type { ProfileFrame } from './profile-frames.ts';
import { invertTree, orderTree, sumByFunction, type TreeColumns } from './profile-tree.ts';

/** One function's time, wherever it was called from. */
export interface FunctionTime {
  readonly frame: ProfileFrame;
  readonly selfUs: number;
  /** With everything it called; recursion counted once. */
  readonly totalUs: number;
  /** Who called it, by the share of its own time spent under them, costliest first. */
  readonly callers: readonly { readonly frame: ProfileFrame; readonly us: number }[];
  /** The nearest function of the server's own on the costliest way to this one: where to look when this one is not. */
  readonly from: ProfileFrame | null;
}

/** Below a ten-thousandth of the time a caller is not told from chance at any sampling rate in use. */
const LEAST_SHARE = 1e-4;

/** The functions by their own time, costliest first; those without any are left out. `within` is a node of the tree, by default the root. */
export function functionTimes(tree: CallTree, within = 0, limit: number = Infinity): FunctionTime[] {
  const frameCount = tree.frames.length;
  const sums = sumByFunction(tree, frameCount, within);
  const branch = subtree(tree, within);
  const inverted = orderTree(invertTree(branch, frameCount, LEAST_SHARE * (tree.totalUs[within] ?? 0)));
  const times: FunctionTime[] = [];
  const count = inverted.frame.length;
  for (let node = 1; node < count && times.length < limit; node = inverted.end[node] as number) {
    const frame = inverted.frame[node] as number;
    const callers: { frame: ProfileFrame; us: number }[] = [];
    for (
      let caller = node + 1;
      caller < (inverted.end[node] as number);
      caller = inverted.end[caller] as number
    ) {
      callers.push({
        frame: frameAt(tree, inverted.frame[caller] as number),
        us: inverted.totalUs[caller] as number,
      });
    }
    times.push({
      frame: frameAt(tree, frame),
      selfUs: sums.selfUs[frame] as number,
      totalUs: sums.totalUs[frame] as number,
      callers,
      from: ownCaller(tree, inverted, node),
    });
  }
  return times;
}

/** Follows the costliest caller, who stands first. */
function ownCaller(tree: CallTree, inverted: TreeColumns, node: number): ProfileFrame | null {
  for (let at = node + 1; at < (inverted.end[at - 1] as number); at++) {
    const frame = frameAt(tree, inverted.frame[at] as number);
    if (frame.kind === 'application') return frame;
  }
  return null;
}

function frameAt(tree: CallTree, frame: number): ProfileFrame {
  return tree.frames[frame] as ProfileFrame;
}

function subtree(
  tree: CallTree,
  within: number,
): Pick<CallTree, 'frame' | 'parent' | 'end' | 'selfUs' | 'totalUs'> {
  if (within === 0) return tree;
  const end = tree.end[within] as number;
  return {
    frame: tree.frame.slice(within, end),
    parent: tree.parent.slice(within, end).map((parent) => Math.max(-1, parent - within)),
    end: tree.end.slice(within, end).map((e) => e - within),
    selfUs: tree.selfUs.slice(within, end),
    totalUs: tree.totalUs.slice(within, end),
  };
}
