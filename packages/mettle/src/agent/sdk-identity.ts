import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AgentServing } from './protocol.ts';

type Sdk = NonNullable<AgentServing['sdk']>;

const SCOPE = '@modelcontextprotocol/';
/** Only the second SDK speaks this protocol version, and says so in its code. */
const SECOND_ERA = '2026-07-28';

/** Which SDK the file at `url` belongs to; one that is part of a bundle has no version. */
export function identifySdk(url: string): Sdk {
  const manifest = nearestManifest(url);
  if (manifest?.name.startsWith(SCOPE) === true) return manifest;
  return { name: `${SCOPE}${speaksSecondEra(url) ? 'server' : 'sdk'} (bundled)`, version: null };
}

function nearestManifest(url: string): Sdk | null {
  for (let at = new URL('./', url), up = at; ; at = up) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL('package.json', at), 'utf8')) as {
        name?: unknown;
        version?: unknown;
      };
      // A package.json without a name only sets the module type of its folder.
      if (typeof name === 'string') return { name, version: typeof version === 'string' ? version : null };
    } catch {
      // None here.
    }
    up = new URL('..', at);
    if (up.href === at.href) return null;
  }
}

function speaksSecondEra(url: string): boolean {
  try {
    return readFileSync(fileURLToPath(url), 'utf8').includes(SECOND_ERA);
  } catch {
    return false;
  }
}
