import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTarget, lookAt, openTarget, readProject, setUpOf, writeChange } from '../../init/index.ts';
import type { Change, FoundTarget, Look, Project, SetUp } from '../../init/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { INIT_HELP } from '../init-help.ts';
import { initOptions, initStart } from '../init-options.ts';
import type { InitOptions, InitStart } from '../init-options.ts';
import { rehearse, withCautions } from '../init-rehearsal.ts';
import type { Rehearsal } from '../init-rehearsal.ts';
import { count, foundText, nextText, planText, toWrite } from '../init-view.ts';
import { ask, canAsk } from '../question.ts';
import { benchCommand } from './bench.ts';

const DEFAULT_BASELINE_SECONDS = 60;
/** As `mettle bench --save` counts: fewer leave every later comparison without enough evidence. */
const FEW_PAIRS = 6;

/** `mettle init`: the minimum set-up of a server's project, shown before it is written. */
export async function initCommand(argv: readonly string[], host: Host): Promise<ExitCode> {
  const options = initOptions(argv, host);
  if (options.help) {
    host.stdout.write(INIT_HELP);
    return EXIT.ok;
  }
  try {
    return await init(options, host);
  } catch (error) {
    if (!host.signal.aborted) throw error;
    host.stderr.write('mettle: interrupted\n');
    return EXIT.interrupted;
  }
}

async function init(options: InitOptions, host: Host): Promise<ExitCode> {
  const say = (what: string): void => {
    if (!options.options.quiet) host.stderr.write(`mettle init: ${what}\n`);
  };
  const project = readProject(options.folder);
  const start = await initStart(options, project, host);
  const { spec, look: seen } = await lookAtServer(start, options.folder, host, say);
  const rehearsals = options.options.allowWrites
    ? await rehearse(seen, spec, { signal: host.signal, onTool: (tool) => say(`racing ${tool} on a copy`) })
    : [];
  const look = withCautions(seen, rehearsals);
  const setUp = setUpOf(project, spec, look, {
    config: start.config,
    baseline: options.baseline,
    // --yes alone is no yes to a change of the server itself.
    memory: options.memoryLog || options.dryRun || (!options.yes && canAsk(host)),
  });
  host.stdout.write(`${foundText(project, { spec, from: start.from }, look)}\n`);
  host.stdout.write(planText(setUp, options));
  return settle(options, host, { project, setUp, rehearsals, say });
}

async function lookAtServer(
  start: InitStart,
  folder: string,
  { signal }: Host,
  say: (what: string) => void,
): Promise<{ readonly spec: FoundTarget['spec']; readonly look: Look }> {
  say('starting the server');
  const { spec, session } =
    'spec' in start
      ? await openTarget(start.spec, signal)
      : await findTarget({ folder, command: start.command, env: start.env, signal });
  try {
    say('asking it for its tools, and trying a call of each that only reads');
    return { spec, look: await lookAt(session, spec, signal) };
  } finally {
    await session.close();
  }
}

interface Settling {
  readonly project: Project;
  readonly setUp: SetUp;
  readonly rehearsals: readonly Rehearsal[];
  readonly say: (what: string) => void;
}

/** Asks, writes, measures, and says what was done. */
async function settle(options: InitOptions, host: Host, settling: Settling): Promise<ExitCode> {
  const { project, setUp, rehearsals } = settling;
  const written = toWrite(setUp.changes, options.overwrite);
  const { memory, baseline } = setUp;
  if (written.length === 0 && baseline === null && memory === null) {
    host.stdout.write('Nothing to do: the set-up is there. Nothing was changed.\n');
    return EXIT.ok;
  }
  const seconds = options.options.budgetSeconds ?? DEFAULT_BASELINE_SECONDS;
  const what = [
    ...(written.length === 0 ? [] : [`write ${count(written.length, 'file')}`]),
    ...(baseline === null ? [] : [`measure ${baseline} (about ${String(seconds)} s)`]),
  ].join(' and ');
  if (options.dryRun) {
    host.stdout.write(
      `Nothing was written: without --dry-run, mettle init would ${what || 'ask about the memory log'}.\n`,
    );
    return EXIT.ok;
  }
  if (!options.yes && !canAsk(host)) {
    host.stderr.write(
      `mettle: nothing was written: there is no terminal to ask on. Pass --yes to ${what || 'go on'}.\n`,
    );
    return EXIT.usage;
  }
  const wanted = what !== '' && (options.yes || (await ask(host, `${capital(what)}?`)));
  if (wanted) {
    for (const change of written) writeAndSay(project, change, host);
    if (baseline !== null) await measureBaseline(options, host, { file: baseline, seconds, ...settling });
  }
  const logged =
    memory !== null &&
    (options.memoryLog || (await ask(host, `Put the memory log into ${memory.file}, as shown above?`)));
  if (memory !== null && logged) writeAndSay(project, memory, host);
  if (!wanted && !logged) host.stdout.write('Nothing was written.\n');
  else host.stdout.write(nextText(project, setUp, rehearsals));
  return EXIT.ok;
}

function writeAndSay({ folder }: Project, change: Change, host: Host): void {
  writeChange(folder, change);
  host.stdout.write(`${change.before === null ? 'wrote' : 'changed'} ${change.file}\n`);
}

/** By `mettle bench --save`, which reads the config that was just written; its run is kept nowhere else. */
async function measureBaseline(
  { folder, options }: InitOptions,
  host: Host,
  { file, seconds, say }: Settling & { readonly file: string; readonly seconds: number },
): Promise<void> {
  say(`measuring ${file}`);
  const out = await mkdtemp(join(tmpdir(), 'mettle-init-'));
  const removeNow = (): void => rmSync(out, { recursive: true, force: true });
  process.once('exit', removeNow);
  const words = ['--save', file, '--budget', String(seconds), '--out', out, '--fail-on', 'none'];
  if (options.quiet) words.push('--quiet');
  for (const [name, value] of Object.entries(options.env)) words.push('--env', `${name}=${value}`);
  try {
    const code = await benchCommand(words, {
      ...host,
      cwd: folder,
      stdout: { ...host.stdout, write: () => undefined },
    });
    host.signal.throwIfAborted();
    if (code !== EXIT.ok) {
      host.stdout.write(
        `${file} could not be measured: run mettle bench --save ${file} once that is mended\n`,
      );
      return;
    }
    const { pairs, commit } = JSON.parse(await readFile(join(folder, file), 'utf8')) as {
      readonly pairs: readonly unknown[];
      readonly commit: string | null;
    };
    const at =
      commit === null
        ? 'without a commit (no git, or changes that it does not have)'
        : `at commit ${commit.slice(0, 8)}`;
    const few =
      pairs.length < FEW_PAIRS ? '; too few to compare with: measure again with a larger --budget' : '';
    host.stdout.write(`wrote ${file}: ${String(pairs.length)} starts of the server, ${at}${few}\n`);
  } finally {
    await rm(out, { recursive: true, force: true });
    process.off('exit', removeNow);
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
