import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { UsageError } from '../../evidence/index.ts';
import { readWatchConfig, servePage, ToldChanges, Watcher } from '../../watch/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { WATCH_HELP } from '../watch-help.ts';

/** `mettle watch --config FILE`: looks at many servers again and again until it is stopped. */
export async function watchCommand(argv: readonly string[], host: Host): Promise<ExitCode> {
  const { config: file, quiet, help } = optionsOf(argv);
  if (help) {
    host.stdout.write(WATCH_HELP);
    return EXIT.ok;
  }
  if (file === undefined)
    throw new UsageError(
      'mettle watch needs --config FILE: a YAML file that names the servers (docs/guide/watch.md).',
    );
  const say = (sentence: string): void => host.stderr.write(`mettle: ${sentence}\n`);
  const config = await readWatchConfig(resolve(host.cwd, file), host.env);
  const watcher = await Watcher.open(config, say);
  const changes = new ToldChanges(() => performance.now());
  const stop = watcher.listen(({ server, outcome }) => {
    const change = changes.sentence(server.name, outcome);
    if (!quiet && change !== null) say(change);
  });
  try {
    const page = config.page === null ? null : await servePage(watcher, config.page);
    try {
      await watcher.start();
      const count = config.servers.length;
      if (!quiet)
        say(
          `watching ${String(count)} ${count === 1 ? 'server' : 'servers'}${page === null ? '' : `; the page is at ${page.url}`}`,
        );
      await interrupted(host.signal);
    } finally {
      await page?.close();
    }
  } finally {
    stop();
    await watcher.stop();
  }
  // To be stopped is how it ends.
  return EXIT.ok;
}

function optionsOf(argv: readonly string[]): {
  readonly config: string | undefined;
  readonly quiet: boolean;
  readonly help: boolean;
} {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string' },
        quiet: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
      strict: true,
    });
    return { config: values.config, quiet: values.quiet ?? false, help: values.help ?? false };
  } catch (error) {
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split(
      /\. To specify|[.\n]*\n/,
    );
    throw new UsageError(`${sentence}. Run "mettle watch --help" for the options.`);
  }
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
}
