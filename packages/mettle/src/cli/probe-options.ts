import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import {
  insideRequest,
  type ClientCredentials,
  type InsideRequest,
  type ProbeOptions,
} from '../watch/index.ts';
import type { Host } from './host.ts';
import { numberOf, type CommandOptions, type ExtraOptions } from './options.ts';

export const PROBE_OPTIONS: ExtraOptions = {
  timeout: { type: 'string' },
  arguments: { type: 'string' },
  against: { type: 'string' },
  save: { type: 'string' },
  ca: { type: 'string' },
  'certificate-days': { type: 'string' },
  self: { type: 'string' },
};

/** What `mettle probe` was asked besides its target. */
export interface ProbeWishes {
  readonly options: ProbeOptions;
  /** Absolute; null when not given. */
  readonly against: string | null;
  readonly save: string | null;
  readonly certificateDays: number | null;
}

/** The options of `mettle probe`. Throws UsageError. */
export async function probeWishes(given: CommandOptions, host: Host): Promise<ProbeWishes> {
  const text = (name: string): string | undefined => given.extra[name] as string | undefined;
  const seconds = numberOf(
    '--timeout',
    text('timeout'),
    (n) => n > 0 && n <= 600,
    'a number of seconds, at most 600',
  );
  const ca = text('ca');
  return {
    options: {
      ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
      ...(given.era === undefined ? {} : { era: given.era }),
      ...(ca === undefined ? {} : { ca: await certificates(resolve(host.cwd, ca)) }),
      allowWrites: given.allowWrites,
      confirmSlowList: true,
      call: callOf(given.tool, text('arguments')),
      inside: insideWish(text('self')),
    },
    against: pathOf(text('against'), host),
    save: pathOf(text('save'), host),
    certificateDays:
      numberOf('--certificate-days', text('certificate-days'), (n) => n >= 0, 'a number of days, from 0') ??
      null,
  };
}

function pathOf(path: string | undefined, host: Host): string | null {
  return path === undefined ? null : resolve(host.cwd, path);
}

function callOf(
  tools: readonly string[],
  text: string | undefined,
): NonNullable<ProbeOptions['call']> | null {
  const [tool, second] = tools;
  if (second !== undefined) throw new UsageError('mettle probe calls one tool at most: give --tool once.');
  if (tool === undefined) {
    if (text === undefined) return null;
    throw new UsageError('--arguments are those of a tool: give --tool NAME as well.');
  }
  if (text === undefined) return { tool, arguments: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`--arguments takes a JSON object, such as '{"query":"x"}'; what was given is none.`);
  return { tool, arguments: value as Readonly<Record<string, unknown>> };
}

function insideWish(self: string | undefined): InsideRequest | null {
  if (self === undefined) return null;
  const inside = insideRequest(self);
  if (inside === undefined)
    throw new UsageError(
      `--self takes auto, health, off, or the http:// URL of the server's Prometheus endpoint; what was given is none.`,
    );
  return inside;
}

async function certificates(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null || !text.includes('-----BEGIN CERTIFICATE-----'))
    throw new UsageError(`--ca takes a file of PEM certificates; ${file} is none.`);
  return text;
}

/** Credentials from the environment, so that no command line or file holds them. Throws UsageError for half of a pair. */
export function credentialsFrom(env: Host['env']): {
  readonly bearer?: string;
  readonly credentials?: ClientCredentials;
} {
  const value = (name: string): string | undefined => {
    const text = env[name]?.trim();
    return text === '' ? undefined : text;
  };
  const bearer = value('METTLE_BEARER_TOKEN');
  if (bearer !== undefined) return { bearer };
  const clientId = value('METTLE_OAUTH_CLIENT_ID');
  const clientSecret = value('METTLE_OAUTH_CLIENT_SECRET');
  if (clientId === undefined && clientSecret === undefined) return {};
  if (clientId === undefined || clientSecret === undefined)
    throw new UsageError(
      'Client credentials are METTLE_OAUTH_CLIENT_ID and METTLE_OAUTH_CLIENT_SECRET together; one of them is missing.',
    );
  const issuer = value('METTLE_OAUTH_ISSUER');
  const tokenUrl = value('METTLE_OAUTH_TOKEN_URL');
  if (issuer === undefined && tokenUrl === undefined)
    throw new UsageError(
      'Client credentials are sent only where you say, not where the probed server says: set METTLE_OAUTH_ISSUER (or METTLE_OAUTH_TOKEN_URL) as well.',
    );
  const scope = value('METTLE_OAUTH_SCOPE');
  return {
    credentials: {
      clientId,
      clientSecret,
      ...(issuer === undefined ? {} : { issuer }),
      ...(tokenUrl === undefined ? {} : { tokenUrl }),
      ...(scope === undefined ? {} : { scope }),
    },
  };
}
