import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { UsageError } from '../../evidence/index.ts';
import type { WatchConfig, WatchedServer } from './config.ts';
import { channelsOf } from './channels.ts';
import { engineOf } from './engine.ts';
import { Reader } from './reader.ts';
import { insideOf, serverOf, type Defaults } from './servers.ts';

/** Many looks at once are cheap: each waits for the network most of its time. */
const CONCURRENCY = 500;
const PORT = 9465;

/** The configuration in a YAML (or JSON) file; `${NAME}` stands for a variable of the environment. Throws UsageError. */
export async function readWatchConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<WatchConfig> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`--config: ${file} cannot be read (${code}).`);
  });
  const document = parseDocument(text);
  const [flaw] = document.errors;
  if (flaw !== undefined)
    throw new UsageError(`${file}: ${(flaw.message.split('\n')[0] ?? '').replace(/:$/, '')}.`);
  return configOf(new Reader(document.toJS({ maxAliasCount: 100 }), file, '', env), dirname(resolve(file)));
}

function configOf(reader: Reader, folder: string): WatchConfig {
  reader.only(
    'servers',
    'defaults',
    'store',
    'retention',
    'concurrency',
    'jitter',
    'page',
    'alerts',
    'engine',
  );
  const defaults = defaultsOf(reader.child('defaults'));
  const servers = reader.list('servers').map((each) => serverOf(each, defaults, folder));
  if (servers.length === 0) throw reader.fault('names no servers: give at least one under "servers"');
  refuseTwins(reader, servers);
  return {
    servers,
    store: resolve(folder, reader.text('store') ?? 'mettle-watch.db'),
    retentionDays: (reader.duration('retention') ?? 30 * 86_400_000) / 86_400_000,
    concurrency: reader.count('concurrency', 1, 10_000) ?? CONCURRENCY,
    jitter: reader.number('jitter', 0, 0.5) ?? 0.1,
    page: pageOf(reader.child('page')),
    channels: channelsOf(reader.list('alerts')),
    engine: engineOf(reader.child('engine')),
  };
}

function defaultsOf(reader: Reader | null): Defaults {
  reader?.only('interval', 'timeout', 'failures', 'recoveries', 'latency', 'certificateDays', 'self');
  return {
    intervalMs: reader?.duration('interval', 1000) ?? 60_000,
    timeoutMs: reader?.duration('timeout', 100) ?? null,
    // One lost packet is no incident; two looks that fail in a row are, within two intervals.
    failures: reader?.count('failures', 1, 100) ?? 2,
    recoveries: reader?.count('recoveries', 1, 100) ?? 1,
    latencyBudgetMs: reader?.duration('latency') ?? null,
    certificateDays: reader?.count('certificateDays', 0, 3650) ?? null,
    inside: selfOf(reader),
  };
}

/** What a server's own runtime offers is read unless that is said to be unwanted. */
function selfOf(reader: Reader | null): Defaults['inside'] {
  const inside = reader === null ? undefined : insideOf(reader);
  if (inside === undefined) return { health: 'find', metricsUrl: null };
  if (reader !== null && inside !== null && inside.metricsUrl !== null)
    throw reader.fault('must be auto, off or health here: each server has a URL of its own', 'self');
  return inside;
}

function pageOf(reader: Reader | null): WatchConfig['page'] {
  reader?.only('host', 'port', 'token');
  const host = reader?.text('host') ?? '127.0.0.1';
  const token = reader?.text('token') ?? null;
  if (reader !== null && token === null && !/^(127\.|localhost$|::1$)/.test(host))
    throw reader.fault(`opens the page to others (host ${host}): that needs a token`);
  if (reader !== null && token !== null && token.length < 16)
    throw reader.fault('has a token of less than 16 characters: such a one can be guessed');
  return { host, port: reader?.count('port', 0, 65_535) ?? PORT, token };
}

function refuseTwins(reader: Reader, servers: readonly WatchedServer[]): void {
  const seen = new Set<string>();
  for (const { name } of servers) {
    if (seen.has(name)) throw reader.fault(`names two servers ${JSON.stringify(name)}`);
    seen.add(name);
  }
}
