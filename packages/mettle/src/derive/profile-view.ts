import type { CpuProfileEvidence, Frame } from '../evidence/index.ts';

type Profile = CpuProfileEvidence['profile'];
type ProfileNode = Profile['nodes'][number];

/** V8's names for what is no JavaScript frame. */
const META = new Set(['(root)', '(program)', '(idle)', '(garbage collector)']);

/** How V8 names the frame of a regular expression that it compiled; the pattern follows. */
export const COMPILED_REGEXP = 'RegExp: ';

export interface StackOptions {
  /** Whether the file belongs to Mettle's agent, whose frames are left out of every stack. Known by its folder by default. */
  readonly isAgentFile?: (file: string) => boolean;
  /** Maps a frame of generated code to its source. Frames pass through unchanged without it. */
  readonly mapFrame?: (frame: Frame) => Frame;
}

/** One step of a sampled call path, innermost first. */
export interface PathStep {
  /** The same for every call path of one function. */
  readonly functionKey: string;
  readonly frame: Frame;
}

/** A CPU profile by time and by call path. */
export interface ProfileView {
  /** When each sample was taken, in µs of the profile's clock; never descending. */
  readonly sampleTimesUs: Float64Array;
  /** The call path of a node, innermost first; empty for idle time, garbage collection and other frameless samples. */
  path(nodeId: number): readonly PathStep[];
}

/** The file of a script: `file:` URLs as paths, everything else as V8 named it. */
export function filePath(url: string): string {
  if (!url.startsWith('file://')) return url;
  try {
    const path = decodeURIComponent(new URL(url).pathname);
    return /^\/[A-Za-z]:\//.test(path) ? path.slice(1) : path;
  } catch {
    return url;
  }
}

/** The line with most ticks; undefined where V8 counted none. */
function hotLine(node: ProfileNode): number | undefined {
  let best: { line: number; ticks: number } | undefined;
  for (const tick of node.positionTicks ?? []) if (best === undefined || tick.ticks > best.ticks) best = tick;
  return best !== undefined && best.line > 0 ? best.line : undefined;
}

function frameOf(node: ProfileNode): Frame {
  const { functionName, url, lineNumber, columnNumber } = node.callFrame;
  return {
    function: functionName === '' ? '(anonymous)' : functionName,
    file: filePath(url),
    line: lineNumber + 1,
    column: columnNumber + 1,
  };
}

/** Whether the file is Mettle's agent, as installed or in the checkout: its frames are no part of what the server did. */
export function isInAgentFolder(file: string): boolean {
  return /[/\\]mettle[/\\](?:dist|src)[/\\]agent[/\\]/.test(file);
}

/** Opens a profile for looking up stacks. */
export function viewProfile(profile: Profile, options: StackOptions = {}): ProfileView {
  const nodes = new Map<number, ProfileNode>();
  const parents = new Map<number, number>();
  for (const node of profile.nodes) {
    nodes.set(node.id, node);
    for (const child of node.children ?? []) parents.set(child, node.id);
  }
  const times = new Float64Array(profile.timeDeltas.length);
  let time = profile.startTime;
  let latest = time;
  profile.timeDeltas.forEach((delta, i) => {
    time += delta;
    // V8 may hand over neighbouring samples in the wrong order: a negative delta.
    latest = Math.max(latest, time);
    times[i] = latest;
  });

  const isAgentFile = options.isAgentFile ?? isInAgentFolder;
  const trace = (nodeId: number): readonly PathStep[] => {
    const steps: PathStep[] = [];
    // V8 knows the line only where the sample stood; of callers it knows where their function begins. A native
    // function has no lines of its own: V8 counts its ticks at the line of the JavaScript frame that called it.
    let line: number | undefined;
    let lineWanted = true;
    for (let node = nodes.get(nodeId); node !== undefined; node = nodes.get(parents.get(node.id) ?? -1)) {
      if (META.has(node.callFrame.functionName)) continue;
      const frame = frameOf(node);
      if (lineWanted) line = hotLine(node);
      // Code made at run time has no file either, but lines of its own.
      const native = frame.file === '' && frame.line < 1;
      const placed = !native && line !== undefined ? { ...frame, line, column: 0 } : frame;
      if (!native) line = undefined;
      // A compiled regular expression has no line at all. Its caller's own ticks are mostly the same expression, as
      // long as V8 interpreted it.
      lineWanted = native && line === undefined && frame.function.startsWith(COMPILED_REGEXP);
      if (isAgentFile(frame.file)) continue;
      const { functionName, url, lineNumber, columnNumber } = node.callFrame;
      steps.push({
        functionKey: `${functionName} ${url} ${lineNumber} ${columnNumber}`,
        frame: options.mapFrame?.(placed) ?? placed,
      });
    }
    return steps;
  };
  const known = new Map<number, readonly PathStep[]>();
  return {
    sampleTimesUs: times,
    path(nodeId) {
      let steps = known.get(nodeId);
      if (steps === undefined) {
        steps = trace(nodeId);
        known.set(nodeId, steps);
      }
      return steps;
    },
  };
}
