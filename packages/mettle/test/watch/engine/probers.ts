import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { peer, type PgPackage } from '../../../src/watch/engine/peers.ts';
import { allMissed, type Missed } from '../../../src/watch/store/missed.ts';
import { Postgres } from '../../../src/watch/store/postgres/connection.ts';
import { readMissed } from '../../../src/watch/store/postgres/missed.ts';
import { listen, mcpServer, result, ADD_TOOL } from '../probe/loopback.ts';
import { query } from './postgres.mjs';

const PROBER = fileURLToPath(new URL('fixtures/prober.mjs', import.meta.url));

/** A watcher in a process of its own. */
export interface ProberProcess {
  readonly child: ChildProcess;
  /** Where its page is. */
  readonly page: string;
  /** What it has said so far. */
  readonly said: () => string;
  /** As the machine would end it: nothing can be tidied up. */
  kill(): Promise<void>;
  /** As an administrator would; its exit code. */
  stop(): Promise<number | null>;
}

/** Starts a watcher with a configuration that all share, in a region. */
export async function startProber(
  configuration: string,
  env: Readonly<Record<string, string>>,
): Promise<ProberProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  const file = join(folder, 'watch.yaml');
  await writeFile(file, configuration);
  const child = spawn(process.execPath, [PROBER, file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const ended = once(child, 'exit');
  const page = new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (part: Buffer) => {
      said += part.toString();
      const url = /the page is at (\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`the watcher ended with ${String(code)}: ${said}`)));
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  return {
    child,
    page: await page,
    said: () => said,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
  };
}

/** MCP servers by path, which some regions do not see: those that the query names. Listing takes as long as it says. */
export async function regionalServers(): Promise<{
  readonly url: (name: string, terms?: { readonly blind?: string; readonly listMs?: number }) => string;
  /** Listings asked for, by server and region. */
  readonly listings: ReadonlyMap<string, number>;
  /** From now on some do not see some: until then all see all. */
  readonly goBlind: () => void;
}> {
  const listings = new Map<string, number>();
  let isBlind = false;
  const answer: RequestListener = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://it');
    const region = String(request.headers['x-region']);
    if (isBlind && (searchParams.get('blind') ?? '').split(',').includes(region)) {
      response.writeHead(503).end();
      return;
    }
    mcpServer({
      'tools/list': (message, _request, reply) => {
        const key = `${pathname.slice(1)} ${region}`;
        listings.set(key, (listings.get(key) ?? 0) + 1);
        setTimeout(() => result(reply, message, { tools: [ADD_TOOL] }), Number(searchParams.get('list')));
      },
    })(request, response);
  };
  const port = await listen(createServer(answer));
  return {
    url: (name, { blind = '', listMs = 0 } = {}) =>
      `http://127.0.0.1:${String(port)}/${name}?blind=${blind}&list=${String(listMs)}`,
    listings,
    goBlind: () => {
      isBlind = true;
    },
  };
}

/** The slots kept of each server and region, in order. */
export async function slotsIn(postgres: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await query(
    postgres,
    `SELECT server, region, array_agg(slot_ms ORDER BY slot_ms)::text[] AS slots FROM mettle_watch.looks
     GROUP BY server, region`,
  );
  return new Map(
    rows.map(({ server, region, slots }) => [
      `${String(server)} ${String(region)}`,
      (slots as string[]).map(Number),
    ]),
  );
}

/** What the history says of the slots that were due and have no look; without a sign of life, which would be a vote. */
export async function missedIn(url: string): Promise<Missed> {
  const postgres = await Postgres.open(url, await peer<PgPackage>('pg'));
  try {
    return allMissed((await readMissed(postgres, 0, Date.now(), [], null)).values());
  } finally {
    await postgres.close();
  }
}

/** Slots that are missing between the first and the last of each server and region. */
export function missingIn(
  slots: ReadonlyMap<string, readonly number[]>,
  intervalMs: number,
): readonly number[] {
  return [...slots.values()].flatMap((all) => {
    const kept = new Set(all);
    const [first = 0] = all;
    const missing: number[] = [];
    for (let slot = first; slot < Math.max(...all); slot += intervalMs)
      if (!kept.has(slot)) missing.push(slot);
    return missing;
  });
}
