import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { UsageError } from '../../../src/evidence/index.ts';
import type { WatchConfig } from '../../../src/watch/config/config.ts';
import { readWatchConfig } from '../../../src/watch/config/read-config.ts';
import { complaintsAbout } from '../../builders/published-schemas.ts';

async function read(text: string, env: Readonly<Record<string, string>> = {}): Promise<WatchConfig> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'watch.yaml');
  await writeFile(file, text);
  const config = await readWatchConfig(file, env);
  expect(complaintsAbout('watch', parse(text)), 'what is read, editors take too').toEqual([]);
  return config;
}

/** What only the reader can tell: broken YAML, the environment, two alike, what else must be there. */
const BEYOND_A_SCHEMA = /^watch\.yaml: $|not set|names two|that needs a token/;

describe('the configuration of mettle watch', () => {
  it('needs no more than names and addresses', async () => {
    const config = await read('servers:\n  - name: docs\n    url: https://docs.example/mcp\n');
    expect(config).toMatchObject({
      retentionDays: 30,
      channels: [],
      page: { host: '127.0.0.1', token: null },
      servers: [{ name: 'docs', intervalMs: 60_000, timeoutMs: 10_000, failures: 2, recoveries: 1 }],
    });
  });

  it('takes secrets from the environment', async () => {
    const config = await read('servers: [{ name: a, url: "http://a/mcp", bearer: "${TOKEN}" }]', {
      TOKEN: ' s3cret\n',
    });
    expect(config.servers[0]?.target.bearer).toBe('s3cret');
  });

  it('takes an engine for many processes, and never shows its URLs', async () => {
    const servers = 'servers: [{ name: a, url: "http://a/mcp" }]';
    expect((await read(servers)).engine).toBeNull();
    const engine = 'engine: { redis: "${R}", postgres: "${P}", region: eu-1, quorum: 2 }';
    const urls = { R: 'rediss://:p4ss@redis', P: 'postgresql://it:p4ss@postgres/watch' };
    expect((await read(`${servers}\n${engine}`, urls)).engine).toEqual({
      redis: urls.R,
      postgres: urls.P,
      region: 'eu-1',
      quorum: 2,
    });
    const wrong = read(`${servers}\n${engine}`, { ...urls, P: 'mysql://it:p4ss@mysql/watch' });
    await expect(wrong).rejects.toThrow(/engine.postgres must be a postgres:\/\/ or postgresql:\/\/ URL\.$/);
    await expect(wrong).rejects.not.toThrow(/p4ss/);
    await expect(read(`${servers}\nengine: { redis: "redis://a" }`)).rejects.toThrow(
      /engine.postgres is missing\.$/,
    );
    await expect(
      read(`${servers}\nengine: { redis: "redis://a", postgres: "postgres://b/c", region: "a b" }`),
    ).rejects.toThrow(/engine.region must be a name of letters, digits, dots and dashes\.$/);
  });

  it('lets a server say otherwise than the defaults', async () => {
    const config = await read(
      'defaults: { interval: 30s, timeout: 5s }\nservers: [{ name: a, url: "http://a/mcp", interval: 5m }, { name: b, command: [node, b.js] }]',
    );
    expect(config.servers).toMatchObject([
      { intervalMs: 300_000, timeoutMs: 5000 },
      { intervalMs: 30_000, spec: { kind: 'stdio', command: ['node', 'b.js'] } },
    ]);
  });

  it('asks for the inside as each server says', async () => {
    const { servers } = await read(
      'servers: [{ name: a, url: "http://a/mcp" }, { name: b, url: "http://b/mcp", self: off }, { name: c, url: "http://c/mcp", self: health }, { name: d, url: "http://d/mcp", self: "http://d:9464/metrics" }]',
    );
    expect(servers.map(({ inside }) => inside)).toEqual([
      { health: 'find', metricsUrl: null },
      null,
      { health: 'read', metricsUrl: null },
      { health: 'find', metricsUrl: 'http://d:9464/metrics' },
    ]);
    const quiet = await read('defaults: { self: off }\nservers: [{ name: a, url: "http://a/mcp" }]');
    expect(quiet.servers[0]?.inside).toBeNull();
  });

  it.each([
    ['servers: []', 'names no servers'],
    ['servers: [', 'watch.yaml: '],
    [
      'servers: [{ name: a, url: "http://a", self: yes please }]',
      'servers[0].self must be auto, off, health',
    ],
    ['defaults: { self: "http://a/metrics" }\nservers: []', 'defaults.self must be auto, off or health here'],
    ['server: []', 'server is not known here; there are: servers'],
    ['servers: [{ url: "http://a/mcp" }]', 'servers[0].name is missing'],
    ['servers: [{ name: a }]', 'servers[0] has neither a url nor a command'],
    ['servers: [{ name: a, url: "ftp://a" }]', 'servers[0].url must be an http:// or https:// URL'],
    ['servers: [{ name: a, url: "http://a", intervall: 5s }]', 'servers[0].intervall is not known here'],
    ['servers: [{ name: a, url: "http://a", interval: soon }]', 'servers[0].interval must be a time'],
    [
      'servers: [{ name: a, url: "http://a", bearer: "${NOPE}" }]',
      'asks for the environment variable NOPE, which is not set',
    ],
    ['servers: [{ name: a, url: "http://a" }, { name: a, url: "http://b" }]', 'names two servers "a"'],
    ['servers: [{ name: a, url: "http://a", oauth: { clientId: x, clientSecret: y } }]', 'needs an issuer'],
    ['servers: [{ name: a, url: "http://a" }]\npage: { host: 0.0.0.0 }', 'that needs a token'],
    ['servers: [{ name: a, url: "http://a" }]\nalerts: [{ carrier: pigeon }]', 'carrier is not known here'],
  ])('refuses %s in one sentence', async (text, said) => {
    const error: unknown = await read(text).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(said);
    expect((error as UsageError).message).not.toContain('\n');
    if (!BEYOND_A_SCHEMA.test(said))
      expect(complaintsAbout('watch', parse(text)), 'an editor says so too').not.toEqual([]);
  });
});
