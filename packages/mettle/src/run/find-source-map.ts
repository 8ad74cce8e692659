import { pathToFileURL } from 'node:url';
import { filePath } from '../derive/index.ts';
import { isPlainFile, readPlainFile } from './plain-files.ts';

/** A map of 64 MB belongs to some 20 MB of script; reading more is not worth a person's time. */
const MOST_MAP_BYTES = 64 * 1024 * 1024;

/** A map as it was found, or why there is none to use; null when the script has none. */
export type FoundMap = { readonly text: string; readonly url: string } | { readonly fault: string } | null;

/** The script's source map: inline, in the file that its comment names, or beside it. Nothing is ever fetched. */
export function findSourceMap(script: string, path: string): FoundMap {
  const reference = mappingComment(script);
  const own = isAbsolute(path) ? pathToFileURL(path).href : path;
  if (reference === null) return besideIt(path);
  if (reference.startsWith('data:')) {
    if (reference.length > 2 * MOST_MAP_BYTES) return { fault: 'its source map is too large' };
    const text = decoded(reference);
    return text === null ? { fault: 'its inline source map cannot be decoded' } : { text, url: own };
  }
  const url = resolved(reference, own);
  if (url?.protocol !== 'file:')
    return { fault: `its source map is not on this machine (${shortened(reference)})` };
  const file = filePath(url.href);
  const text = readPlainFile(file, MOST_MAP_BYTES);
  if (text !== null) return { text, url: url.href };
  return {
    fault: isPlainFile(file)
      ? 'its source map is too large or cannot be read'
      : `its source map ${shortened(reference)} is missing`,
  };
}

function resolved(reference: string, base: string): URL | null {
  try {
    return new URL(reference, base);
  } catch {
    return null;
  }
}

/** Builds that do not want browsers to find the map leave the comment out. */
function besideIt(path: string): FoundMap {
  const file = `${path}.map`;
  if (!isAbsolute(path) || !isPlainFile(file)) return null;
  const text = readPlainFile(file, MOST_MAP_BYTES);
  return text === null ? null : { text, url: pathToFileURL(file).href };
}

/** Nothing but comments. */
const AT_THE_END = /^\s*(?:\*\/)?(?:\s*\/\/[^\n]*)*\s*$/;

/** What the last `//# sourceMappingURL=` comment of the script names; null without one. */
function mappingComment(script: string): string | null {
  for (
    let at = script.lastIndexOf('sourceMappingURL=');
    at > 0;
    at = script.lastIndexOf('sourceMappingURL=', at - 1)
  ) {
    const lineStart = script.lastIndexOf('\n', at) + 1;
    if (!/(?:^|[\s;}])\/[/*][#@]\s*$/.test(script.slice(Math.max(lineStart, at - 40), at))) continue;
    const rest = script.slice(at + 'sourceMappingURL='.length);
    const reference = /^[^\s'"`]*/.exec(rest)?.[0] ?? '';
    // Elsewhere than at the end it is text that the script itself writes into others, as loaders do.
    if (AT_THE_END.test(rest.slice(reference.length))) return reference.replace(/\*\/$/, '');
  }
  return null;
}

function decoded(dataUrl: string): string | null {
  const comma = dataUrl.indexOf(',');
  if (comma < 0) return null;
  const body = dataUrl.slice(comma + 1);
  try {
    return dataUrl.slice(0, comma).endsWith(';base64')
      ? Buffer.from(body, 'base64').toString('utf8')
      : decodeURIComponent(body);
  } catch {
    return null;
  }
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[/\\]/.test(path);
}

function shortened(reference: string): string {
  return reference.length > 80 ? `${reference.slice(0, 79)}…` : reference;
}
