import { join, relative, sep } from 'node:path';
import { BASELINE_FILE } from './config-files.ts';
import type { Project } from './project.ts';
import { execOf, runRaceTests } from './race-tests.ts';
import { siblingsOf } from './repository.ts';

/** Whether a workflow has a name that init gives. */
export function isOfInit(file: string): boolean {
  return /^\.github\/workflows\/mettle(-[\w.-]+)?\.yml$/.test(file);
}

/**
 * Surely worse by so much fails; what cannot be told on a noisy runner does not. CPU per call is the steadiest of the
 * three, so its limit is the closest.
 */
const LIMITS = 'cpu>1.1x,p50>1.25x,throughput<0.8x';

const INSTALL: Readonly<Record<Project['packageManager'], readonly [locked: string, plain: string]>> = {
  npm: ['npm ci', 'npm install'],
  pnpm: ['pnpm install --frozen-lockfile', 'pnpm install'],
  yarn: ['yarn install --immutable', 'yarn install'],
  bun: ['bun install --frozen-lockfile', 'bun install'],
};

/** The job that examines the server for each pull request. `file` is the workflow's own, from the top of the repository. */
export function workflowText(
  project: Project,
  has: { readonly baseline: boolean; readonly raceTests: boolean },
  file: string,
): string {
  const { packageManager, lockFile, ci, manifest } = project;
  const [locked, plain] = INSTALL[packageManager];
  const mettle = `${execOf(project)} mettle`;
  const below = ci.path !== '';
  const report = below ? `${ci.path}/mettle-report` : 'mettle-report';
  return [
    '# Written by mettle init. Fails on findings of medium severity or worse, on a server that became surely slower than',
    '# its baseline, and on races in the tests. The server is started as mettle.config.json says.',
    `name: mettle${below ? ` (${ci.path})` : ''}`,
    ...triggers(project, file),
    'permissions:',
    '  contents: read',
    'jobs:',
    '  mettle:',
    '    runs-on: ubuntu-latest',
    '    timeout-minutes: 20',
    ...(below ? ['    defaults:', '      run:', `        working-directory: ${yaml(ci.path)}`] : []),
    '    steps:',
    '      - uses: actions/checkout@v4',
    '        with:',
    '          # The commit of the baseline, which is run again beside the new one, must be here.',
    '          fetch-depth: 0',
    ...setUpNode(project),
    ...step('Install', lockFile === null ? plain : locked, { folder: installFolder(project) }),
    ...(manifest.scripts?.['build'] === undefined ? [] : step('Build', `${packageManager} run build`)),
    ...step(
      'Examine',
      `${mettle} check --quiet --format github --format md --format sarif --out mettle-report/check`,
    ),
    ...(has.baseline
      ? step(
          'Compare with the baseline',
          `${mettle} bench --quiet --against ${BASELINE_FILE} --fail-on '${LIMITS}' --format github --format md --out mettle-report/bench`,
          { condition: 'success() || failure()' },
        )
      : []),
    ...(has.raceTests ? step('Race', runRaceTests(project), { condition: 'success() || failure()' }) : []),
    ...step('Summary', 'cat mettle-report/*/result.md >> "$GITHUB_STEP_SUMMARY"', { condition: 'always()' }),
    '      - uses: actions/upload-artifact@v4',
    '        if: always()',
    '        with:',
    '          name: mettle-report',
    `          path: ${yaml(report)}`,
    '',
  ].join('\n');
}

/** All of the repository is one server's, unless it is a package of it: then what it is made of. */
function triggers({ folder, ci, lockFile }: Project, file: string): readonly string[] {
  const lock = lockFile === null ? [] : [fromTop(ci, join(lockFile.folder, lockFile.name))];
  const made = [`${ci.path}/**`, ...siblingsOf(folder, ci).map((path) => `${path}/**`)];
  const paths =
    ci.path === ''
      ? []
      : [
          '    paths:',
          ...[...made, ...lock.filter((path) => !path.startsWith(`${ci.path}/`)), file].map(
            (path) => `      - ${yaml(path)}`,
          ),
        ];
  return ['on:', '  push:', `    branches: [${ci.branch}]`, ...paths, '  pull_request:', ...paths];
}

function setUpNode({ packageManager, lockFile, ci, nodeVersion, folder }: Project): readonly string[] {
  const cached = lockFile !== null && packageManager !== 'bun';
  const lock = lockFile === null ? '' : fromTop(ci, join(lockFile.folder, lockFile.name));
  // Which pnpm it is, says the package.json beside the lock file.
  const pnpmAt = fromTop(ci, join(lockFile?.folder ?? folder, 'package.json'));
  return [
    ...(packageManager === 'pnpm'
      ? [
          '      - uses: pnpm/action-setup@v4',
          ...(pnpmAt === 'package.json'
            ? []
            : ['        with:', `          package_json_file: ${yaml(pnpmAt)}`]),
        ]
      : []),
    ...(packageManager === 'bun' ? ['      - uses: oven-sh/setup-bun@v2'] : []),
    '      - uses: actions/setup-node@v4',
    '        with:',
    `          node-version: '${nodeVersion}'`,
    ...(cached ? [`          cache: ${packageManager}`] : []),
    ...(cached && lock.includes('/') ? [`          cache-dependency-path: ${yaml(lock)}`] : []),
  ];
}

/** Where it is installed, from the top, when that is not where the server's own steps run; null when it is. */
function installFolder({ folder, ci, lockFile }: Project): string | null {
  if (lockFile === null || lockFile.folder === folder) return null;
  return fromTop(ci, lockFile.folder) || '.';
}

function fromTop({ root }: Project['ci'], path: string): string {
  return relative(root, path).split(sep).join('/');
}

/** A path as YAML takes it: quoted where it would mean something else. */
function yaml(path: string): string {
  return /^[\w./@-]+$/.test(path) && !path.startsWith('@') ? path : `'${path.replaceAll("'", "''")}'`;
}

function step(
  name: string,
  run: string,
  {
    condition = null,
    folder = null,
  }: { readonly condition?: string | null; readonly folder?: string | null } = {},
): readonly string[] {
  return [
    `      - name: ${name}`,
    ...(condition === null ? [] : [`        if: ${condition}`]),
    ...(folder === null ? [] : [`        working-directory: ${yaml(folder)}`]),
    ...(run.length <= 90
      ? [`        run: ${run}`]
      : ['        run: >-', ...folded(run).map((line) => `          ${line}`)]),
  ];
}

/** At spaces before options, so that YAML folds it back into one line. */
function folded(run: string): readonly string[] {
  const out: string[] = [];
  for (const part of run.split(/ (?=--(?:format|out|against|fail-on) )/)) {
    const last = out.at(-1);
    if (last !== undefined && last.length + part.length < 88) out[out.length - 1] = `${last} ${part}`;
    else out.push(part);
  }
  return out;
}
