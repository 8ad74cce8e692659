import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';

/** Which CI the repository has, and where its workflows belong. */
export interface ExistingCi {
  /** The top of the git work tree; the project itself outside of git. */
  readonly root: string;
  /** The project from there, with forward slashes; '' when it is the top. */
  readonly path: string;
  readonly branch: string;
  /** The workflow that runs Mettle for this project already, relative to the top. */
  readonly ours: string | null;
  /** The file that the workflow is to be in, relative to the top: a name of its own where another package has the usual one. */
  readonly file: string;
  /** The file of another CI system, where there is no GitHub workflow. */
  readonly other: string | null;
}

const WORKFLOWS = '.github/workflows';
const OTHER_CI = [
  '.gitlab-ci.yml',
  'Jenkinsfile',
  '.circleci/config.yml',
  'azure-pipelines.yml',
  'bitbucket-pipelines.yml',
  '.travis.yml',
];

/** What the repository around a project's folder says of its CI. */
export function ciOf(folder: string): ExistingCi {
  const root = gitRootOf(folder);
  const top = root ?? folder;
  const path = relative(top, folder).split(sep).join('/');
  const workflows = join(top, WORKFLOWS);
  const names = existsSync(workflows) ? readdirSync(workflows).filter((name) => /\.ya?ml$/.test(name)) : [];
  const ours = names.find((name) => runsMettle(readFileSync(join(workflows, name), 'utf8'), path));
  const taken = names.includes('mettle.yml');
  return {
    root: top,
    path,
    branch: root === null ? 'main' : branchOf(root),
    ours: ours === undefined ? null : `${WORKFLOWS}/${ours}`,
    file: `${WORKFLOWS}/${path === '' || !taken ? 'mettle' : `mettle-${path.replaceAll(/[^\w.-]+/g, '-')}`}.yml`,
    other: names.length > 0 ? null : (OTHER_CI.find((name) => existsSync(join(top, name))) ?? null),
  };
}

/** Of a package below the top only a workflow that names its folder is its own. */
function runsMettle(workflow: string, path: string): boolean {
  if (!/\bmettle (check|bench)\b|uses:.*\bmettle\b/.test(workflow)) return false;
  return path === '' || new RegExp(`(?<![\\w./-])(?:\\./)?${escaped(path)}(?![\\w-])`).test(workflow);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function gitRootOf(folder: string): string | null {
  if (existsSync(join(folder, '.git'))) return folder;
  const above = dirname(folder);
  return above === folder ? null : gitRootOf(above);
}

/** The branch that stands here when it is one of the usual main ones. */
function branchOf(root: string): string {
  try {
    const head = readFileSync(join(root, '.git/HEAD'), 'utf8');
    return /refs\/heads\/(main|master|trunk|develop)\s*$/.exec(head)?.[1] ?? 'main';
  } catch {
    // A worktree, whose .git is a file.
    return 'main';
  }
}

/** The folders above a project, up to the top of its repository: the nearest first, its own left out. */
export function foldersAbove(folder: string, { root }: Pick<ExistingCi, 'root'>): readonly string[] {
  const above: string[] = [];
  for (let at = folder; at !== root;) {
    at = dirname(at);
    above.push(at);
  }
  return above;
}

/**
 * Packages of the same repository that this one is installed with, from its top: a change of theirs may make it slow, too.
 * As `node_modules` links them; none before anything is installed.
 */
export function siblingsOf(folder: string, { root }: Pick<ExistingCi, 'root'>): readonly string[] {
  const top = realpathSync(root);
  const found = new Set<string>();
  const look = (from: string): void => {
    for (const name of dependenciesOf(from)) {
      const at = [from, ...foldersAbove(from, { root: top })]
        .map((each) => join(each, 'node_modules', name))
        .find((each) => existsSync(each));
      const real = at === undefined ? null : realpathSync(at);
      const path = real === null ? null : relative(top, real).split(sep).join('/');
      if (real === null || path === null || path.startsWith('..') || path === '') continue;
      if (path.split('/').includes('node_modules') || found.has(path)) continue;
      found.add(path);
      look(real);
    }
  };
  look(realpathSync(folder));
  found.delete(posix.normalize(relative(top, realpathSync(folder)).split(sep).join('/')));
  return [...found].toSorted();
}

function dependenciesOf(folder: string): readonly string[] {
  try {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    ) as Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>> | undefined>;
    return Object.keys({ ...dependencies, ...devDependencies });
  } catch {
    return [];
  }
}
