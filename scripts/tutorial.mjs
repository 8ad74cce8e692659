/*
 * node scripts/tutorial.mjs [--write] [--quick | --only TEXT]: follows docs/guide/tutorial.md in a folder of its own, from the sick shop to
 * the healthy one, and fails where a command does not do what the page says: its exit code, the findings, their files and
 * lines. Figures may differ. --write puts what the commands print into the page; --quick runs those marked so alone, and
 * holds the rest of the page against the sources; --only runs those alone whose command holds TEXT.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ensureBuilt, root } from './prepare.mjs';

ensureBuilt('packages/mettle', 'packages/runtime');
const { unifiedDiff } = await import('../packages/mettle/dist/init/index.js');

const page = join(root, 'docs/guide/tutorial.md');
const sources = join(root, 'docs/tutorial');
const write = process.argv.includes('--write');
const quick = process.argv.includes('--quick');
const only = process.argv[process.argv.indexOf('--only') + 1 || process.argv.length];
/** A marked block: what is expected or mended, the kind of block, and its text. */
const BLOCK = /<!-- (expect|mend) (.*?) -->\n```(console|diff)\n([^]*?)```\n/g;

const home = mkdtempSync(join(tmpdir(), 'mettle-tutorial-'));
const shop = join(home, 'shop');
const faults = [];
try {
  prepare();
  const text = readFileSync(page, 'utf8');
  const after = text.replaceAll(BLOCK, (block, kind, words, fence, body) => {
    const fresh = kind === 'mend' ? mend(words, body) : follow(words, body);
    return `<!-- ${kind} ${words} -->\n\`\`\`${fence}\n${fresh}\`\`\`\n`;
  });
  if (write) writeFileSync(page, after);
} finally {
  rmSync(home, { recursive: true, force: true });
}
for (const fault of faults) console.error(`✗ ${fault}`);
console.log(faults.length === 0 ? 'The tutorial holds.' : `${faults.length} faults.`);
process.exitCode = faults.length === 0 ? 0 : 1;

function prepare() {
  cpSync(join(sources, 'shop'), shop, { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(shop, 'node_modules'), 'dir');
  writeFileSync(join(shop, '.gitignore'), 'node_modules\n');
  const git = ['-c', 'user.name=tutorial', '-c', 'user.email=tutorial@example.test'];
  for (const words of [
    ['init', '-q', '-b', 'main'],
    ['add', '.'],
    ['commit', '-qm', 'As it is'],
  ])
    spawnSync('git', [...git, ...words], { cwd: shop, stdio: 'inherit' });
}

/** Puts the files of a step in place; the diff is what the page has to show. */
function mend(step, shown) {
  const folder = join(sources, 'steps', step);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
  const diff = files
    .map((file) => {
      const [before, after] = [join(shop, file), join(folder, file)].map((path) =>
        readFileSync(path, 'utf8'),
      );
      writeFileSync(join(shop, file), after);
      return `${unifiedDiff(file, before, after)}\n`;
    })
    .join('');
  if (!write && diff !== shown)
    faults.push(`step ${step}: the page shows another change than steps/${step} makes`);
  return diff;
}

/** Runs a command of the page and holds what came of it against what is expected, and the page against that. */
function follow(words, body) {
  const [first = ''] = body.split('\n');
  const command = first.replace(/^\$ /, '');
  const shown = body.slice(first.length + 1);
  if (!write) checkExcerpts(command, shown);
  const isAsked = only === undefined ? !quick || /\bquick\b/.test(words) : command.includes(only);
  if (!isAsked && !/\balways\b/.test(words)) return body;
  console.log(`$ ${command}`);
  const startedAt = performance.now();
  const run = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
    cwd: shop,
    encoding: 'utf8',
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  console.log(`  exit code ${run.status}, ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  const before = faults.length;
  checkRun(command, words, run, write ? run.stdout : shown);
  if (faults.length > before) console.log(run.stdout + run.stderr);
  return `${first}\n${tidied(run.stdout)}`;
}

function checkRun(command, words, run, shown) {
  const exit = Number(/exit=(\d+)/.exec(words)?.[1]);
  if (run.status !== exit)
    faults.push(`"${command}" ended with ${run.status}, not ${exit}: ${run.stderr.slice(-500)}`);
  const prints = /prints="([^"]+)"/.exec(words)?.[1];
  for (const text of prints === undefined ? [] : [run.stdout, shown])
    if (!new RegExp(prints, 'm').test(text)) faults.push(`"${command}" does not print ${prints}`);
  const { findings } = / none\b|found=/.test(words) ? newestResult() : { findings: [] };
  if (/ none\b/.test(words) && findings.length > 0)
    faults.push(`"${command}" found ${findings.map(({ id, tool }) => `${id} in ${tool}`).join(', ')}`);
  const [, ids, tool, file] = /found="(\S+) (\S+?)(?: (\S+))?"/.exec(words) ?? [];
  if (ids === undefined) return;
  const found = findings.find(
    (each) =>
      ids.split('|').includes(each.id) &&
      each.tool === tool &&
      (file === undefined || each.location?.file.endsWith(file)),
  );
  if (found === undefined)
    faults.push(
      `"${command}" did not find ${ids} in ${tool}, but ${findings.map(({ id }) => id).join(', ') || 'nothing'}`,
    );
  if (!ids.split('|').some((id) => shown.includes(`${id} in ${tool}`)))
    faults.push(`the page does not show ${ids} in ${tool} after "${command}"`);
}

/** Source lines that a report quotes are those that stand there now, before the step is mended. */
function checkExcerpts(command, shown) {
  for (const [, file, , line, code] of shown.matchAll(/^ +where +([\w./-]+):(\d+).*\n +(\d+) \| (.*)$/gm)) {
    const now = readFileSync(join(shop, file), 'utf8').split('\n')[Number(line) - 1]?.trim() ?? '';
    const quoted = code.replace(/…$/, '').trim();
    if (!now.startsWith(quoted))
      faults.push(`the page quotes ${file}:${line} as "${quoted}" after "${command}", where "${now}" stands`);
  }
}

function newestResult() {
  const runs = join(shop, '.mettle');
  const newest = readdirSync(runs)
    .filter((name) => !name.startsWith('.'))
    .toSorted()
    .at(-1);
  return JSON.parse(readFileSync(join(runs, newest, 'result.json'), 'utf8'));
}

function environment() {
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, VITEST: ___, ...inherited } = process.env;
  return {
    ...inherited,
    PATH: [dirname(process.execPath), inherited.PATH].join(delimiter),
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    npm_config_update_notifier: 'false',
  };
}

/** As it looks in the reader's own folder. */
function tidied(output) {
  return output
    .replaceAll(shop, '~/shop')
    .replaceAll(/[ \t]+$/gm, '')
    .replace(/\n*$/, '\n');
}
