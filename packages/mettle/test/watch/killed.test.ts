import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SqliteHistory } from '../../src/watch/store/sqlite/history.ts';
import { listen, mcpServer } from './probe/loopback.ts';

const METTLE = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));
const WELL = ['w0', 'w1', 'w2', 'w3', 'w4', 'w5'];

interface Told {
  readonly incident: string;
  readonly kind: string;
  readonly state: string;
  readonly server: string;
}

/** Servers by path: those that are well, one that is ill, one that never answers tools/list once it is told to. */
class Servers {
  ill = new Set(['sick', 'late']);
  isHolding = false;
  /** Resolves when a look hangs. */
  readonly hanging: Promise<void>;
  /** Looks that ended, by server, as the servers saw it: their session was ended. */
  readonly ended: Map<string, number> = new Map();
  #hangs: () => void = () => undefined;

  constructor() {
    this.hanging = new Promise((resolve) => (this.#hangs = resolve));
  }

  async open(): Promise<number> {
    const well = mcpServer();
    const held = mcpServer({ 'tools/list': () => this.#hangs() });
    return listen(
      createServer((request, response) => {
        const name = request.url?.slice(1) ?? '';
        if (this.ill.has(name)) {
          response.writeHead(503).end();
          return;
        }
        if (request.method === 'DELETE') this.ended.set(name, (this.ended.get(name) ?? 0) + 1);
        (name === 'held' && this.isHolding ? held : well)(request, response);
      }),
    );
  }
}

/** A receiver of alerts that refuses those of some servers. */
class Alerts {
  readonly accepted: Told[] = [];
  refused = 0;
  readonly refuses = new Set(['late']);

  async open(): Promise<number> {
    return listen(
      createServer((request, response) => {
        const parts: Buffer[] = [];
        request.on('data', (part: Buffer) => parts.push(part));
        request.on('end', () => {
          const told = JSON.parse(Buffer.concat(parts).toString()) as Told;
          const refuses = this.refuses.has(told.server);
          if (refuses) this.refused += 1;
          else this.accepted.push(told);
          // Asked again as soon as it is allowed to.
          response.writeHead(refuses ? 503 : 200, { 'retry-after': '0' }).end();
        });
      }),
    );
  }

  /** "sick down triggered", in the order they were accepted. */
  of(server: string): readonly string[] {
    return this.accepted
      .filter((told) => told.server === server)
      .map(({ kind, state }) => `${kind} ${state}`);
  }
}

function watch(config: string): ChildProcess {
  const child = spawn(process.execPath, [METTLE, 'watch', '--config', config], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  child.stderr.resume();
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  return child;
}

/** How many looks of each server the file holds. */
async function kept(store: string): Promise<ReadonlyMap<string, number>> {
  const history = new SqliteHistory(store, 1);
  try {
    const counts = new Map<string, number>();
    for (const name of [...WELL, 'sick', 'late', 'held'])
      counts.set(name, (await history.looks(name, 0, 10_000)).length);
    return counts;
  } finally {
    await history.close();
  }
}

describe('mettle watch that is killed', { timeout: 60_000 }, () => {
  it('loses the looks under way and nothing else, goes on with its incidents, and repeats no alert', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const servers = new Servers();
    const alerts = new Alerts();
    const [port, alertPort] = await Promise.all([servers.open(), alerts.open()]);
    const config = join(folder, 'watch.yaml');
    const store = join(folder, 'w.db');
    await writeFile(
      config,
      `defaults: { interval: 1s, failures: 1, timeout: 20s }
store: w.db
page: { port: 0 }
alerts: [{ webhook: 'http://127.0.0.1:${String(alertPort)}/' }]
servers:
${[...WELL, 'sick', 'late', 'held'].map((name) => `  - { name: ${name}, url: 'http://127.0.0.1:${String(port)}/${name}' }`).join('\n')}
`,
    );

    const first = watch(config);
    await expect.poll(() => alerts.of('sick'), { timeout: 20_000 }).toEqual(['down triggered']);
    await expect.poll(() => alerts.refused, { timeout: 20_000 }).toBeGreaterThan(0);
    for (const name of [...WELL, 'held'])
      await expect.poll(() => servers.ended.get(name) ?? 0, { timeout: 20_000 }).toBeGreaterThan(0);
    servers.isHolding = true;
    await servers.hanging;
    first.kill('SIGKILL');
    await once(first, 'exit');

    const before = await kept(store);
    const missing = WELL.map((name) => (servers.ended.get(name) ?? 0) - (before.get(name) ?? 0));
    // A look whose session was ended a moment ago may not be written yet: one for each server at most.
    for (const each of missing) expect([0, 1]).toContain(each);
    expect(before.get('held')).toBe(servers.ended.get('held'));
    expect(before.get('w0')).toBeGreaterThan(0);

    servers.isHolding = false;
    servers.ill.clear();
    alerts.refuses.clear();
    const endedBefore = new Map(servers.ended);
    const second = watch(config);
    await expect
      .poll(() => alerts.of('sick'), { timeout: 20_000 })
      .toEqual(['down triggered', 'down resolved']);
    // Its beginning waited in the file while the watcher was dead, and comes before its end.
    await expect
      .poll(() => alerts.of('late'), { timeout: 20_000 })
      .toEqual(['down triggered', 'down resolved']);
    const [begins, ends] = alerts.accepted.filter(({ server }) => server === 'sick');
    expect(begins?.incident).toBe(ends?.incident);
    for (const [name, ended] of endedBefore)
      await expect.poll(() => servers.ended.get(name), { timeout: 20_000 }).toBeGreaterThan(ended);
    second.kill('SIGTERM');
    await once(second, 'exit');
    expect(second.exitCode).toBe(0);

    const after = await kept(store);
    for (const [name, count] of before) expect(after.get(name)).toBeGreaterThan(count);
    // Each end of each incident was told once; nobody else was told of.
    expect(alerts.accepted.map(({ server, kind, state }) => `${server} ${kind} ${state}`).toSorted()).toEqual(
      ['late down resolved', 'late down triggered', 'sick down resolved', 'sick down triggered'],
    );
    const history = new SqliteHistory(store, 1);
    onTestFinished(() => history.close());
    expect(await history.incidents(10)).toMatchObject([
      { kind: 'down', endedAtMs: expect.any(Number) as number },
      { kind: 'down', endedAtMs: expect.any(Number) as number },
    ]);
  });
});
