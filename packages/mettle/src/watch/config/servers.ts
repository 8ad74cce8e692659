import { resolve } from 'node:path';
import type { TargetSpec } from '../../evidence/index.ts';
import { insideRequest } from '../probe/inside.ts';
import type { ClientCredentials, InsideRequest } from '../probe/outcome.ts';
import type { WatchedServer } from './config.ts';
import type { Reader } from './reader.ts';

/** What holds for every server that does not say otherwise. */
export interface Defaults {
  readonly intervalMs: number;
  readonly timeoutMs: number | null;
  readonly failures: number;
  readonly recoveries: number;
  readonly latencyBudgetMs: number | null;
  readonly certificateDays: number | null;
  readonly inside: InsideRequest | null;
}

/** Started servers load their code first. */
const START_TIMEOUT_MS = 30_000;
const HTTP_TIMEOUT_MS = 10_000;

/** One entry of `servers`. Throws UsageError. */
export function serverOf(reader: Reader, defaults: Defaults, folder: string): WatchedServer {
  reader.only(
    'name',
    'url',
    'headers',
    'bearer',
    'oauth',
    'command',
    'env',
    'cwd',
    'interval',
    'timeout',
    'failures',
    'recoveries',
    'latency',
    'certificateDays',
    'call',
    'arguments',
    'self',
  );
  const name = reader.needed('name');
  const spec = specOf(reader, folder);
  const bearer = reader.text('bearer');
  const credentials = credentialsOf(reader.child('oauth'));
  const intervalMs = reader.duration('interval', 1000) ?? defaults.intervalMs;
  const usual = spec.kind === 'http' ? HTTP_TIMEOUT_MS : START_TIMEOUT_MS;
  const tool = reader.text('call');
  const inside = insideOf(reader);
  return {
    name,
    spec,
    target: {
      name,
      spec,
      ...(bearer === undefined ? {} : { bearer }),
      ...(credentials === undefined ? {} : { credentials }),
    },
    intervalMs,
    timeoutMs: reader.duration('timeout', 100) ?? defaults.timeoutMs ?? Math.min(usual, intervalMs),
    call: tool === undefined ? null : { tool, arguments: reader.plain('arguments') },
    failures: reader.count('failures', 1, 100) ?? defaults.failures,
    recoveries: reader.count('recoveries', 1, 100) ?? defaults.recoveries,
    latencyBudgetMs: reader.duration('latency') ?? defaults.latencyBudgetMs,
    certificateDays: reader.count('certificateDays', 0, 3650) ?? defaults.certificateDays,
    inside: inside === undefined ? defaults.inside : inside,
  };
}

/** What `self` says; undefined where nothing is said. Throws UsageError. */
export function insideOf(reader: Reader): InsideRequest | null | undefined {
  const self = reader.text('self');
  if (self === undefined) return undefined;
  const inside = insideRequest(self);
  if (inside === undefined)
    throw reader.fault('must be auto, off, health, or the http:// URL of its Prometheus endpoint', 'self');
  return inside;
}

function specOf(reader: Reader, folder: string): TargetSpec {
  const url = reader.text('url');
  const [program, ...args] = reader.texts('command') ?? [];
  const env = reader.record('env');
  const cwd = resolve(folder, reader.text('cwd') ?? '.');
  if (url !== undefined) {
    if (program !== undefined) throw reader.fault('has a url and a command: watch the one that clients use');
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw reader.fault('must be an http:// or https:// URL', 'url');
    return { kind: 'http', url, headers: reader.record('headers'), command: null, env, cwd };
  }
  if (program === undefined) throw reader.fault('has neither a url nor a command');
  return { kind: 'stdio', command: [program, ...args], env, cwd };
}

function credentialsOf(reader: Reader | null): ClientCredentials | undefined {
  if (reader === null) return undefined;
  reader.only('clientId', 'clientSecret', 'issuer', 'tokenUrl', 'scope');
  const issuer = reader.text('issuer');
  const tokenUrl = reader.text('tokenUrl');
  if (issuer === undefined && tokenUrl === undefined)
    throw reader.fault(
      'needs an issuer (or a tokenUrl): the secret is not sent where the watched server says',
    );
  const scope = reader.text('scope');
  return {
    clientId: reader.needed('clientId'),
    clientSecret: reader.needed('clientSecret'),
    ...(issuer === undefined ? {} : { issuer }),
    ...(tokenUrl === undefined ? {} : { tokenUrl }),
    ...(scope === undefined ? {} : { scope }),
  };
}
