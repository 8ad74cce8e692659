import type { CpuProfileEvidence } from '../evidence/index.ts';
import { formatFile, packageOf, type Home } from './frames.ts';
import { filePath } from './profile-view.ts';

export type CallFrame = CpuProfileEvidence['profile']['nodes'][number]['callFrame'];

/**
 * Whose code a frame is: the server's own, a package of node_modules, Node's JavaScript, native code without a
 * file, code made at run time (eval, `new Function`), V8 itself (garbage collector, program), or Mettle's own
 * grouping by subject.
 */
export type FrameKind = 'subject' | 'application' | 'package' | 'node' | 'native' | 'generated' | 'engine';

/** One function of the profile as people read it. */
export interface ProfileFrame {
  readonly name: string;
  /** Relative to the target's folder, or from its package on; '' where there is no file. */
  readonly file: string;
  /** Where the function begins, counted from 1; 0 when unknown. */
  readonly line: number;
  readonly column: number;
  readonly kind: FrameKind;
  /** The package's name, or who else owns the code: what a legend says. */
  readonly owner: string;
}

/** What V8 puts in place of a JavaScript frame. */
const ENGINE_FRAMES: ReadonlySet<string> = new Set(['(root)', '(program)', '(idle)', '(garbage collector)']);

const OWNERS: Readonly<Record<Exclude<FrameKind, 'package'>, string>> = {
  subject: 'tool',
  application: 'application',
  node: 'Node internals',
  native: 'native code',
  generated: 'generated code',
  engine: 'V8 engine',
};

/** The frame that stands for a subject at the top of its stacks; '' is what no call started. */
export function subjectFrame(subject: string): ProfileFrame {
  const name = subject === '' ? OUTSIDE_CALLS : `tool: ${subject}`;
  return { name, file: '', line: 0, column: 0, kind: 'subject', owner: OWNERS.subject };
}

/** What time is called that belongs to no call. */
export const OUTSIDE_CALLS = '(outside calls)';

/** The same text for every call path of one function. A script loaded twice has two ids but one URL. */
export function functionKey(frame: CallFrame): string {
  return `${frame.functionName}\n${frame.url}\n${frame.lineNumber}\n${frame.columnNumber}`;
}

/** Whether V8 stands for itself with this frame. */
export function isEngineFrame(frame: CallFrame): boolean {
  return frame.url === '' && ENGINE_FRAMES.has(frame.functionName);
}

/** The frame as people read it, with its owner. */
export function describeFrame(frame: CallFrame, home: Home): ProfileFrame {
  const file = filePath(frame.url);
  const kind = kindOf(frame, file, home);
  return {
    name: frame.functionName === '' ? '(anonymous)' : frame.functionName,
    file: file === '' ? '' : formatFile(file, home.cwd),
    line: Math.max(0, frame.lineNumber + 1),
    column: Math.max(0, frame.columnNumber + 1),
    kind,
    owner: kind === 'package' ? (ownPackage(file, home) ?? '') : OWNERS[kind],
  };
}

function kindOf(frame: CallFrame, file: string, home: Home): FrameKind {
  if (isEngineFrame(frame)) return 'engine';
  if (file.startsWith('node:')) return 'node';
  // Code without a file has lines all the same when it is JavaScript made at run time; built-ins have none.
  if (file === '') return frame.lineNumber >= 0 ? 'generated' : 'native';
  if (file.startsWith('evalmachine.') || file.startsWith('wasm:')) return 'generated';
  const owner = ownPackage(file, home);
  return owner === null || home.packages.includes(owner) ? 'application' : 'package';
}

/** The package, seen from the server's folder: one that itself lies in node_modules is at home in it. */
function ownPackage(file: string, home: Home): string | null {
  const cwd = home.cwd.replace(/[/\\]+$/, '');
  const inside = cwd !== '' && (file.startsWith(`${cwd}/`) || file.startsWith(`${cwd}\\`));
  return packageOf(inside ? file.slice(cwd.length + 1) : file);
}
