import type { EngineConfig } from './config.ts';
import type { Reader } from './reader.ts';

/** Whoever names no region shares the work of one. */
const REGION = 'default';

/** What stands under `engine`. Throws UsageError, which never shows a URL: it may hold a password. */
export function engineOf(reader: Reader | null): EngineConfig | null {
  if (reader === null) return null;
  reader.only('redis', 'postgres', 'region', 'quorum');
  const region = reader.text('region') ?? REGION;
  if (!/^[\w.-]{1,64}$/.test(region))
    throw reader.fault('must be a name of letters, digits, dots and dashes', 'region');
  return {
    redis: urlIn(reader, 'redis', ['redis', 'rediss']),
    postgres: urlIn(reader, 'postgres', ['postgres', 'postgresql']),
    region,
    quorum: reader.count('quorum', 1, 1000) ?? null,
  };
}

function urlIn(reader: Reader, key: string, schemes: readonly string[]): string {
  const url = reader.needed(key);
  if (URL.canParse(url) && schemes.includes(new URL(url).protocol.slice(0, -1))) return url;
  throw reader.fault(`must be a ${schemes.map((scheme) => `${scheme}://`).join(' or ')} URL`, key);
}
