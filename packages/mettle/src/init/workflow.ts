import { BASELINE_FILE } from './config-files.ts';
import type { Project } from './project.ts';
import { execOf, runRaceTests } from './race-tests.ts';

export const WORKFLOW_FILE = '.github/workflows/mettle.yml';

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

/** The job that examines the server for each pull request. */
export function workflowText(
  project: Project,
  has: { readonly baseline: boolean; readonly raceTests: boolean },
): string {
  const { packageManager, hasLockFile, ci, manifest, nodeVersion } = project;
  const [locked, plain] = INSTALL[packageManager];
  const mettle = `${execOf(project)} mettle`;
  const cached = hasLockFile && packageManager !== 'bun';
  return [
    '# Written by mettle init. Fails on findings of medium severity or worse, on a server that became surely slower than',
    '# its baseline, and on races in the tests. The server is started as mettle.config.json says.',
    'name: mettle',
    'on:',
    '  push:',
    `    branches: [${ci.branch}]`,
    '  pull_request:',
    'permissions:',
    '  contents: read',
    'jobs:',
    '  mettle:',
    '    runs-on: ubuntu-latest',
    '    timeout-minutes: 20',
    '    steps:',
    '      - uses: actions/checkout@v4',
    '        with:',
    '          # The commit of the baseline, which is run again beside the new one, must be here.',
    '          fetch-depth: 0',
    ...(packageManager === 'pnpm' ? ['      - uses: pnpm/action-setup@v4'] : []),
    ...(packageManager === 'bun' ? ['      - uses: oven-sh/setup-bun@v2'] : []),
    '      - uses: actions/setup-node@v4',
    '        with:',
    `          node-version: '${nodeVersion}'`,
    ...(cached ? [`          cache: ${packageManager}`] : []),
    ...step('Install', hasLockFile ? locked : plain),
    ...(manifest.scripts?.['build'] === undefined ? [] : step('Build', `${packageManager} run build`)),
    ...step(
      'Examine',
      `${mettle} check --quiet --format github --format md --format sarif --out mettle-report/check`,
    ),
    ...(has.baseline
      ? step(
          'Compare with the baseline',
          `${mettle} bench --quiet --against ${BASELINE_FILE} --fail-on '${LIMITS}' --format github --format md --out mettle-report/bench`,
          'success() || failure()',
        )
      : []),
    ...(has.raceTests ? step('Race', runRaceTests(project), 'success() || failure()') : []),
    ...step('Summary', 'cat mettle-report/*/result.md >> "$GITHUB_STEP_SUMMARY"', 'always()'),
    '      - uses: actions/upload-artifact@v4',
    '        if: always()',
    '        with:',
    '          name: mettle-report',
    '          path: mettle-report',
    '',
  ].join('\n');
}

function step(name: string, run: string, condition: string | null = null): readonly string[] {
  return [
    `      - name: ${name}`,
    ...(condition === null ? [] : [`        if: ${condition}`]),
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
