import { realpathSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { redactText, UsageError, type TargetSpec } from '../../../evidence/index.ts';
import { onOwnPort } from '../../own-port.ts';
import { checkOut, type Worktree } from './worktree.ts';

/** What to compare with, ready to be started. */
export interface Version {
  readonly spec: TargetSpec;
  readonly label: string;
  readonly commit: string | null;
  readonly prepared: readonly string[];
  remove(): void;
}

/**
 * The version that `--compare` names: `git:REF` (the same target in another commit), a URL, or a command.
 * Throws UsageError for what names none.
 */
export async function versionOf(text: string, spec: TargetSpec, signal: AbortSignal): Promise<Version> {
  const plain = { commit: null, prepared: [], remove() {} };
  if (text.startsWith('git:')) return fromGit(text.slice(4), spec, signal);
  if (/^https?:\/\//.test(text)) {
    if (spec.kind !== 'http')
      throw new UsageError(
        '--compare names a URL, so the server as it stands must be one as well: give --http URL.',
      );
    return { ...plain, spec: { ...spec, url: text, command: null }, label: redactText(text) };
  }
  const [program, ...args] = wordsOf(text);
  if (program === undefined)
    throw new UsageError(`--compare takes git:REF, a URL, or a command such as 'node old/server.js'.`);
  const command = [program, ...args] as const;
  const label = redactText(text);
  if (spec.kind === 'http') {
    const other = await onOtherPort({ ...spec, command }, label);
    return { ...plain, spec: other, label };
  }
  return { ...plain, spec: { kind: 'stdio', command, env: spec.env, cwd: spec.cwd }, label };
}

async function fromGit(ref: string, spec: TargetSpec, signal: AbortSignal): Promise<Version> {
  if (ref === '') throw new UsageError('--compare git:REF needs a commit, branch or tag, such as git:main.');
  if (spec.kind === 'http' && spec.command === null)
    throw new UsageError(
      '--compare git:REF starts the server of that commit: say how, as --http URL -- COMMAND.',
    );
  const words = spec.kind === 'module' ? [spec.file] : (spec.command ?? []);
  const tree = await checkOut(spec.cwd, ref, filesNamed(words, spec.cwd), signal);
  try {
    const move = mover(tree);
    const moved = moveSpec(spec, move, tree);
    const label = `git:${ref} (${tree.commit.slice(0, 8)})`;
    return {
      spec: moved.kind === 'http' ? await onOtherPort(moved, label) : moved,
      label,
      commit: tree.commit,
      prepared: tree.prepared,
      remove: () => tree.remove(),
    };
  } catch (error) {
    tree.remove();
    throw error;
  }
}

function moveSpec(spec: TargetSpec, move: (path: string) => string, tree: Worktree): TargetSpec {
  const cwd = move(spec.cwd);
  if (spec.kind === 'module') return { ...spec, cwd, file: move(spec.file) };
  const command = (spec.command ?? []).map((word) => (isAbsolute(word) ? move(word) : word));
  const [program, ...args] = command;
  if (program === undefined) throw new UsageError(`--compare: nothing says how ${tree.commit} is started.`);
  return spec.kind === 'http'
    ? { ...spec, cwd, command: [program, ...args] }
    : { ...spec, cwd, command: [program, ...args] };
}

/** Paths of the repository as paths of the checkout; all others as they are, and so is what is installed. */
function mover({ root, dir }: Worktree): (path: string) => string {
  const realRoot = realpathSync(root);
  return (path) => {
    let real = path;
    try {
      real = realpathSync(path);
    } catch {
      // Only there in that version, perhaps.
    }
    const inside = relative(realRoot, real);
    const outside =
      inside.startsWith('..') || isAbsolute(inside) || inside.split(/[/\\]/).includes('node_modules');
    return outside ? path : join(dir, inside);
  };
}

/** Source files that the command names. */
function filesNamed(words: readonly string[], cwd: string): readonly string[] {
  return words
    .filter((word) => /\.[cm]?[jt]sx?$/.test(word) && !word.startsWith('-'))
    .map((word) => resolve(cwd, word));
}

/**
 * Two servers cannot listen on one port: the second gets a free one wherever the first one's stands, in the command, the
 * environment and the URL.
 */
async function onOtherPort(
  spec: Extract<TargetSpec, { readonly kind: 'http' }>,
  label: string,
): Promise<TargetSpec> {
  const moved = await onOwnPort(spec);
  if (moved !== null) return moved;
  const { port } = new URL(spec.url);
  throw new UsageError(
    `Both versions run at once, so ${label} needs a port of its own: let the command or --env name the port${port === '' ? '' : ` ${port}`} (such as --env PORT=${port === '' ? '3000' : port}), and Mettle gives the other version a free one.`,
  );
}

/** The words of a command line with single and double quotes, as a shell splits them; nothing is expanded. */
function wordsOf(text: string): readonly string[] {
  const words = text.match(/(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g,
      (_, single?: string, double?: string, escaped?: string) =>
        single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '',
    ),
  );
}
