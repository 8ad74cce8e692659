// Runs docs/examples/github-regression-gate.yml step by step, as a runner would, on a small project in a temporary
// folder: once for a pull request that changes nothing that costs, once for one that doubles the work of a call.
// Usage: node bench/workflow-gate.bench.mjs [times each]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const times = Number(process.argv[2] ?? 1);
const workflow = readFileSync(
  new URL('../../../docs/examples/github-regression-gate.yml', import.meta.url),
  'utf8',
);
const mettle = fileURLToPath(new URL('..', import.meta.url));

const SERVER = `import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { rank } from './rank.js';
const server = new McpServer({ name: 'shop', version: '1.0.0' });
server.registerTool('search', { description: 'Ranks.', annotations: { readOnlyHint: true } }, async () => ({
  content: [{ type: 'text', text: rank() }],
}));
await server.connect(new StdioServerTransport());
`;
const rank = (rounds, words) => `import { createHash } from 'node:crypto';
const catalogue = Buffer.alloc(300_000, 7);
// ${words}
export function rank() {
  let best = '';
  for (let round = 0; round < ${rounds}; round++) best = createHash('sha256').update(catalogue).digest('hex');
  return best;
}
`;

const rows = [];
for (let i = 0; i < times; i++) {
  for (const [what, text] of [
    ['doubles the work', rank(2, 'Ranked twice.')],
    ['changes a comment', rank(1, 'Ranked once, as before.')],
  ]) {
    const row = pullRequest(what, text);
    console.error(Object.values(row).join(' | '));
    rows.push(row);
  }
}
console.table(rows);

/** What the steps of the workflow make of a pull request that changes rank.js. */
function pullRequest(what, changed) {
  const folder = mkdtempSync(join(tmpdir(), 'mettle-workflow-'));
  try {
    const upstream = join(folder, 'upstream');
    const checkout = join(folder, 'checkout');
    makeProject(upstream, changed);
    // actions/checkout with fetch-depth: 0
    git(folder, 'clone', '--quiet', '--branch', 'pull-request', upstream, checkout);
    const summary = join(folder, 'summary.md');
    writeFileSync(summary, '');
    const startedAt = performance.now();
    let failedStep = null;
    for (const { name, script } of runSteps(workflow)) {
      const run = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
        cwd: checkout,
        encoding: 'utf8',
        env: { ...process.env, CI: 'true', BASE: 'main', GITHUB_STEP_SUMMARY: summary },
      });
      if (run.status === 0) continue;
      failedStep = `${name} (exit code ${run.status})`;
      if (run.stderr.trim() !== '') console.error(run.stderr.trim());
      break;
    }
    return {
      'pull request': what,
      'the job': failedStep === null ? 'passes' : `fails at: ${failedStep}`,
      'the summary says': /\*\*(.+?)\*\*/.exec(readFileSync(summary, 'utf8'))?.[1]?.slice(0, 110) ?? '',
      seconds: Math.round((performance.now() - startedAt) / 1000),
      load: loadavg()[0].toFixed(1),
      'worktrees left': git(checkout, 'worktree', 'list').trim().split('\n').length - 1,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeProject(upstream, changed) {
  mkdirSync(upstream, { recursive: true });
  const write = (file, text) => writeFileSync(join(upstream, file), text);
  write(
    'package.json',
    JSON.stringify({
      name: 'shop',
      private: true,
      type: 'module',
      dependencies: { '@modelcontextprotocol/sdk': '1.32.2' },
      devDependencies: { mettle: `file:${mettle}` },
    }),
  );
  write('.gitignore', 'node_modules\nmettle-report\n');
  write('server.js', SERVER);
  write('rank.js', rank(1, 'Ranked once.'));
  execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: upstream,
    stdio: 'ignore',
  });
  git(upstream, 'init', '--quiet', '--initial-branch', 'main');
  commit(upstream, 'the server');
  git(upstream, 'checkout', '--quiet', '-b', 'pull-request');
  write('rank.js', changed);
  commit(upstream, 'a change');
}

function commit(folder, message) {
  git(folder, 'add', '--all');
  git(folder, '-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '--quiet', '-m', message);
}

function git(cwd, ...args) {
  return execFileSync('git', args, { cwd, encoding: 'utf8' });
}

/** The `run:` steps of a workflow, in order: on one line, or as a block of lines indented below. */
function runSteps(text) {
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    const match = /^(\s*)run: (.*)$/.exec(line);
    if (match === null) return [];
    const [, indent, inline] = match;
    const name =
      lines
        .slice(0, i)
        .findLast((earlier) => earlier.includes('- name:'))
        ?.split('- name:')[1]
        ?.trim() ?? '';
    if (inline !== '|') return [{ name, script: inline }];
    const rest = lines.slice(i + 1);
    const end = rest.findIndex((next) => next.trim() !== '' && !next.startsWith(`${indent} `));
    return [{ name, script: rest.slice(0, end < 0 ? undefined : end).join('\n') }];
  });
}
