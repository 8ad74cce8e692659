import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What the project's sources say of how the server is reached. Hints: what is true is tried. */
export interface SourceHints {
  readonly stdio: boolean;
  readonly http: boolean;
  /** A port that the sources name beside `listen` or PORT; null where there is none. */
  readonly port: number | null;
  /** Whether PORT in the environment says where it listens. */
  readonly readsPort: boolean;
  /** Paths such as `/mcp` that look like the endpoint. */
  readonly paths: readonly string[];
}

const SOURCE = /\.[cm]?[jt]sx?$/;
const NOT_OURS = /^(node_modules|coverage|test|tests|__tests__|docs|examples?|fixtures)$|^\./;
/** More than a server has; a monorepo's other packages are none of it. */
const MOST_FILES = 400;
const MOST_BYTES = 512 * 1024;

/** Reads the sources below `folder` for signs of a transport. */
export function readHints(folder: string): SourceHints {
  const text = sourcesBelow(folder).join('\n');
  const port =
    /\bPORT\b['"\]]*\s*(?:\?\?|\|\|)\s*['"]?(\d{2,5})/.exec(text)?.[1] ??
    /\blisten\(\s*(\d{2,5})\b/.exec(text)?.[1] ??
    /\bport\b\s*[:=]\s*['"]?(\d{2,5})\b/i.exec(text)?.[1];
  return {
    stdio: /\bStdioServerTransport\b|\bserveStdio\b|transportType:\s*['"]stdio/.test(text),
    http: /\bStreamableHTTP\w*|\bcreateMcpHandler\b|\btoNodeHandler\b|transportType:\s*['"]httpStream/.test(
      text,
    ),
    port: port === undefined ? null : Number(port),
    readsPort: /\benv(?:\.PORT\b|\[['"]PORT['"]\])/.test(text),
    paths: [
      ...new Set([...text.matchAll(/['"`](\/(?:[\w-]+\/)*mcp)['"`]/g)].map(([, path]) => path as string)),
    ],
  };
}

function sourcesBelow(folder: string): readonly string[] {
  const found: string[] = [];
  const waiting = [folder];
  for (const at of waiting) {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (found.length >= MOST_FILES) return found;
      const path = join(at, entry.name);
      if (entry.isDirectory()) {
        if (!NOT_OURS.test(entry.name)) waiting.push(path);
      } else if (entry.isFile() && SOURCE.test(entry.name) && statSync(path).size <= MOST_BYTES)
        found.push(readFileSync(path, 'utf8'));
    }
  }
  return found;
}

/** `path` as the project knows it, with slashes. */
export function relativeTo(folder: string, path: string): string {
  return relative(folder, path).replaceAll('\\', '/');
}
