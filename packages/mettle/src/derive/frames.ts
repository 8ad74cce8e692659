import type { Frame, SourceLocation, TargetEvidence } from '../evidence/index.ts';

/** Where the server's own code lives, so that it can be told from its dependencies. */
export interface Home {
  readonly cwd: string;
  /** Packages under node_modules that are the server itself, as when it is started by `npx some-server`. */
  readonly packages: readonly string[];
}

const PACKAGE = /(?:^|[/\\])node_modules[/\\]((?:@[^/\\]+[/\\])?[^/\\]+)(?=[/\\])/g;

/** The innermost package of node_modules that the file belongs to; null for a file outside node_modules. */
export function packageOf(file: string): string | null {
  const last = [...file.matchAll(PACKAGE)].at(-1)?.[1];
  return last === undefined ? null : last.replace('\\', '/');
}

/** What comes after these is loaded into the server, and is not it. */
const LOADING = /^(?:-r|--require|--import|--loader|--experimental-loader)$/;
/** Programs that run somebody else's TypeScript or JavaScript, by name or by path. */
const RUNNERS =
  /^(?:.*[/\\]node_modules[/\\](?:\.bin[/\\])?)?(?:tsx|ts-node(?:-\w+)?|@swc-node[/\\]register|vite-node|jiti|nodemon)(?:@[^/\\]*)?(?:[/\\].*)?$/;

/**
 * The home of a target: its folder, and the packages that its command names, since a published server started by
 * npx, or by a path into node_modules, is nobody's dependency.
 */
export function homeOf(target: Pick<TargetEvidence, 'cwd' | 'command'>): Home {
  const packages = new Set<string>();
  const command = target.command ?? [];
  for (const [i, word] of command.entries()) {
    if (LOADING.test(command[i - 1] ?? '') || RUNNERS.test(word)) continue;
    const inPath = packageOf(word);
    if (inPath !== null) packages.add(inPath);
    // A package as npx takes it: `name`, `@scope/name`, either with `@version`.
    const named = /^((?:@[\w.-]+\/)?[\w.-]+)(?:@[^/\s]*)?$/.exec(word)?.[1];
    if (named !== undefined && !named.startsWith('-')) packages.add(named);
  }
  return { cwd: target.cwd, packages: [...packages] };
}

/** Whether the frame is Node's own or native code. */
export function isInternal(frame: Frame): boolean {
  return frame.file === '' || frame.file.startsWith('node:');
}

/** The file's path below the folder, with forward slashes; null when it lies elsewhere. */
function below(folder: string, file: string): string | null {
  const root = folder.replace(/\\/g, '/').replace(/\/+$/, '');
  const path = file.replace(/\\/g, '/');
  return root !== '' && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : null;
}

/** Whether the frame is the server’s own code, which its author can change. */
export function isOwn(frame: Frame, home: Home): boolean {
  if (isInternal(frame)) return false;
  // A server whose folder itself lies in node_modules is at home in it.
  const owner = packageOf(below(home.cwd, frame.file) ?? frame.file);
  return owner === null || home.packages.includes(owner);
}

/**
 * The innermost frame of the server's own code: the place its author can change. When the whole stack is in
 * dependencies, the innermost of those; undefined when there is nothing but Node's own and native code.
 */
export function applicationFrame(stack: readonly Frame[], home: Home): Frame | undefined {
  return stack.find((frame) => isOwn(frame, home)) ?? stack.find((frame) => !isInternal(frame));
}

/** The function's name; undefined for what has none. */
export function functionName(frame: Pick<Frame, 'function'>): string | undefined {
  return frame.function === '' || frame.function === '(anonymous)' ? undefined : frame.function;
}

/** The application frame as a finding's location; undefined when the stack has none. */
export function locationOf(stack: readonly Frame[], home: Home): SourceLocation | undefined {
  const frame = applicationFrame(stack, home);
  if (frame === undefined || frame.line < 1) return undefined;
  const name = functionName(frame);
  return {
    file: frame.file,
    line: frame.line,
    ...(frame.column > 0 ? { column: frame.column } : {}),
    ...(name === undefined ? {} : { function: name }),
  };
}

/** A file as people know it: relative to the folder, or from its package on; else as it is. */
export function formatFile(file: string, cwd: string): string {
  const inside = below(cwd, file);
  if (inside !== null) return inside;
  const path = file.replace(/\\/g, '/');
  const modules = path.lastIndexOf('/node_modules/');
  return modules < 0 ? path : path.slice(modules + '/node_modules/'.length);
}

/** A place as people type it: `src/tools.ts:12`. */
export function formatPlace(location: Pick<SourceLocation, 'file' | 'line'>, cwd: string): string {
  return `${formatFile(location.file, cwd)}:${location.line}`;
}
