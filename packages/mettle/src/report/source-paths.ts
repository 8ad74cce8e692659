import type { Frame, SourceLocation } from '../evidence/index.ts';
import { printable } from './printable.ts';

/** The file as a path: `file:` URLs decoded, and relative to `folder` when inside it. */
export function relativePath(file: string, folder: string | undefined): string {
  const path = fromFileUrl(file);
  if (folder === undefined || folder === '') return printable(path);
  const base = folder.replace(/[/\\]+$/, '');
  const inside = path.startsWith(`${base}/`) || path.startsWith(`${base}\\`);
  return printable(inside ? path.slice(base.length + 1) : path);
}

/** The folder that paths in a repository are told from: its top when the server was started within it, else where it was. */
export function topOf(folder: string | undefined, repository: string | undefined): string | undefined {
  if (repository === undefined || repository === '' || folder === undefined) return folder;
  return relativePath(folder, repository) !== printable(folder) ? repository : folder;
}

function fromFileUrl(file: string): string {
  if (!file.startsWith('file://')) return file;
  const path = file.slice('file://'.length);
  try {
    return decodeURIComponent(/^\/[A-Za-z]:\//.test(path) ? path.slice(1) : path);
  } catch {
    return path;
  }
}

/** `path:line:column`, the form that terminals and editors make clickable. */
export function formatLocation(at: SourceLocation | Frame, folder: string | undefined): string {
  const path = relativePath(at.file, folder);
  if (path === '') return 'native code';
  if (at.line <= 0) return path;
  const column = at.column !== undefined && at.column > 0 ? `:${at.column}` : '';
  return `${path}:${at.line}${column}`;
}

/** The location as a URL for an OSC 8 hyperlink; undefined for what is not a file on disk. */
export function fileUrl(at: SourceLocation | Frame): string | undefined {
  const path = fromFileUrl(at.file).replaceAll('\\', '/');
  const absolute = /^[A-Za-z]:\//.test(path) ? `/${path}` : path;
  if (!absolute.startsWith('/')) return undefined;
  const encoded = absolute.split('/').map(encodeURIComponent).join('/');
  return at.line > 0 ? `file://${encoded}#L${at.line}` : `file://${encoded}`;
}

/** Whether it names a file on disk: no Node internals, no native code, no code made at run time. */
export function isOnDisk(file: string): boolean {
  return file.startsWith('file://') || file.startsWith('/') || /^[A-Za-z]:[/\\]/.test(file);
}

const SCRIPT = /\.[cm]?[jt]sx?$/;

/** The script that a command starts, relative to `folder`; null when it names none within. */
export function entryOf(command: readonly string[] | null, folder: string): string | null {
  const script = command?.find((word) => SCRIPT.test(word) && !word.startsWith('-'));
  if (script === undefined) return null;
  const path = relativePath(script, folder);
  return isOnDisk(path) || path.startsWith('..') ? null : path.replace(/^\.\//, '');
}
