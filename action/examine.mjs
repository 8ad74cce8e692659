/*
 * Runs Mettle on the server and leaves what it found: annotations on stdout, the summary of the job, a folder with
 * the reports, and outputs for the steps that follow. Ends well whatever Mettle says: the last step of the action judges.
 * Nothing but Node.js; no token is in this process.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix, relative } from 'node:path';
import { refusal } from './forks.mjs';
import { wordsOf } from './words.mjs';

const COMMANDS = ['check', 'profile', 'bench', 'leak', 'race', 'probe'];
/** Of a job's summary; GitHub shows none that is larger than 1 MiB. */
const SUMMARY_CHARACTERS = 900_000;
/** Ways to speak to the runner, and its tokens: no business of the server that is examined. */
const OF_THE_RUNNER = /^(ACTIONS_|METTLE_|GITHUB_(ENV|PATH|OUTPUT|STATE|STEP_SUMMARY|TOKEN)$)/;

const env = process.env;
const refused = refusal(env);
const command = (env.METTLE_COMMAND ?? '').trim();
if (refused !== null) stop(refused);
else if (!COMMANDS.includes(command))
  stop(`command takes one of ${COMMANDS.join(', ')}; "${command}" is none.`);
else await examine();

async function examine() {
  const folder = mkdtempSync(join(env.RUNNER_TEMP ?? tmpdir(), 'mettle-'));
  const words = wordsFor(folder);
  if (words === null) return;
  const { code, stdout } = await run(words, join(folder, 'result.txt'));
  // Where the server's folder is not the repository's, places are told from the repository's.
  const below = relative(env.GITHUB_WORKSPACE ?? process.cwd(), process.cwd()).replaceAll('\\', '/');
  if (env.METTLE_ANNOTATIONS === 'true') process.stdout.write(fromRoot(stdout, below));
  const sarif = join(folder, 'result.sarif');
  if (existsSync(sarif) && below !== '')
    writeFileSync(sarif, sarifFromRoot(readFileSync(sarif, 'utf8'), below));
  const markdown = textOf(join(folder, 'result.md'));
  if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, markdown.slice(0, SUMMARY_CHARACTERS));
  const result = textOf(join(folder, 'result.json'));
  const findings = result === '' ? '' : String(JSON.parse(result).findings.length);
  console.log(`Mettle ended with ${code}${findings === '' ? '' : `, ${findings} findings`}.`);
  output({
    'exit-code': String(code),
    findings,
    folder: markdown === '' ? '' : folder,
    sarif: existsSync(sarif) ? sarif : '',
  });
}

function wordsFor(folder) {
  const given = (option, value) => (value === undefined || value.trim() === '' ? [] : [option, value.trim()]);
  const target = wordsOf(env.METTLE_TARGET ?? '');
  const baseline = (env.METTLE_BASELINE ?? '').trim();
  if (target.length === 0)
    return stop('target is empty: give the command that starts the server, such as "node dist/server.js".');
  if (baseline !== '' && command !== 'bench')
    return stop(`baseline is for the command bench; this is ${command}.`);
  return [
    '--yes',
    `mettle@${(env.METTLE_VERSION ?? '').trim()}`,
    command,
    ...given('--budget', env.METTLE_BUDGET),
    ...given('--fail-on', env.METTLE_FAIL_ON),
    ...given('--workload', env.METTLE_WORKLOAD),
    ...(baseline === '' ? [] : [baseline.startsWith('git:') ? '--compare' : '--against', baseline]),
    ...['github', 'md', 'sarif', 'terminal'].flatMap((format) => ['--format', format]),
    '--out',
    folder,
    ...wordsOf(env.METTLE_ARGUMENTS ?? ''),
    // A bare command is a server on stdio; with options before it, it is as typed.
    ...(target[0].startsWith('-') ? target : ['--', ...target]),
  ];
}

/** What the server says goes to the log, and the report as text; nothing of either is taken for a command to the runner. */
function run(words, report) {
  const silence = randomUUID();
  console.log(`::stop-commands::${silence}`);
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !OF_THE_RUNNER.test(name)));
  const windows = process.platform === 'win32';
  const child = spawn(windows ? 'npx.cmd' : 'npx', windows ? words.map(quoted) : words, {
    env: own,
    shell: windows,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  return new Promise((resolve) => {
    const end = (code) => {
      console.log(textOf(report));
      console.log(`::${silence}::`);
      resolve({ code, stdout });
    };
    child.on('error', (error) => {
      console.log(`npx could not be started: ${error.message}`);
      end(70);
    });
    child.on('close', (code) => end(code ?? 70));
  });
}

/** For cmd.exe, which npx is on Windows. */
function quoted(word) {
  return `"${word.replaceAll('"', '""')}"`;
}

function fromRoot(annotations, below) {
  if (below === '') return annotations;
  return annotations.replaceAll(/^(::\w+ file=)([^,:]*)/gm, (whole, head, file) =>
    posix.isAbsolute(file) ? whole : `${head}${posix.join(below, file)}`,
  );
}

function sarifFromRoot(text, below) {
  const prefix = below.split('/').map(encodeURIComponent).join('/');
  return JSON.stringify(JSON.parse(text), (key, value) =>
    key === 'artifactLocation' && value.uriBaseId !== undefined
      ? { uri: posix.join(prefix, value.uri), uriBaseId: value.uriBaseId }
      : value,
  );
}

function textOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** The action is used wrongly: one sentence, and no result. */
function stop(sentence) {
  console.log(`::error title=Mettle::${sentence}`);
  output({ 'exit-code': '2', findings: '', folder: '', sarif: '' });
  return null;
}

function output(values) {
  if (!env.GITHUB_OUTPUT) return;
  for (const [name, value] of Object.entries(values)) appendFileSync(env.GITHUB_OUTPUT, `${name}=${value}\n`);
}
