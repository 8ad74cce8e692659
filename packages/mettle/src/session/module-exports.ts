import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { FetchHandler } from './module-fetch-bridge.ts';
import type { Connectable } from './module-transport.ts';

/** A server as a user's module gives it. */
export type ModuleServer =
  | { readonly kind: 'connect'; readonly server: Connectable; readonly made: unknown }
  | { readonly kind: 'fetch'; readonly handler: FetchHandler };

/** What the module exports, found and, where it is a factory, called once. */
export interface LoadedModule {
  readonly file: string;
  readonly exportName: string;
  /** Makes another server; null where the export is a server itself. */
  readonly factory: (() => unknown) | null;
  readonly served: ModuleServer;
}

/** Imports the file, finds the export and makes a server of it; ends the process with one marked line where it cannot. */
export async function loadModule(file: string, name: string): Promise<LoadedModule> {
  const exported = findExport(await importFile(file), file, name);
  const made = await makeServer(file, exported);
  const factory = typeof exported.value === 'function' ? (exported.value as () => unknown) : null;
  return { file, exportName: exported.name, factory, served: servedBy(made, exported.name, file) };
}

function servedBy(made: unknown, exportName: string, file: string): ModuleServer {
  const server = serverIn(made);
  if (hasMethod(server, 'connect'))
    return { kind: 'connect', server: server as unknown as Connectable, made };
  if (hasMethod(server, 'fetch')) return { kind: 'fetch', handler: server as unknown as FetchHandler };
  return stop(
    'usage',
    `The export ${exportName} of ${file} gives no MCP server: expected a factory that returns an object with connect(transport) or fetch(request).`,
  );
}

/** The server itself, or the one that a wrapper holds as `server`. */
export function serverIn(made: unknown): unknown {
  return [made, (made as { server?: unknown } | null | undefined)?.server].find(
    (part) => hasMethod(part, 'connect') || hasMethod(part, 'fetch'),
  );
}

/** How SDK v2 serves both eras over any transport: `serveStdio(factory, { transport })`. */
export type ServeStdio = (factory: () => unknown, options: { readonly transport: unknown }) => unknown;

/**
 * The module's own `serveStdio` where its servers are of SDK v2: a plain `connect` would speak the 2025 era only. Null
 * for other servers, or where it cannot be found beside the module.
 */
export async function serveBothEras({ file, served }: LoadedModule): Promise<ServeStdio | null> {
  if (served.kind !== 'connect') return null;
  const name = '@modelcontextprotocol/server';
  try {
    const require = createRequire(file);
    const [index, stdio] = [require.resolve(name), require.resolve(`${name}/stdio`)];
    // An ES module and its CommonJS twin are two programs to Node: the one that the server came from is asked.
    for (const extension of ['.mjs', '.cjs', '.js']) {
      const [main, entry] = [index, stdio].map((path) => path.replace(/\.[cm]?js$/, extension));
      if (main === undefined || entry === undefined || !existsSync(main) || !existsSync(entry)) continue;
      const sdk = (await import(pathToFileURL(main).href)) as Readonly<Record<string, unknown>>;
      const isServer = [sdk['McpServer'], sdk['Server']].some(
        (type) => typeof type === 'function' && served.server instanceof type,
      );
      if (!isServer) continue;
      const { serveStdio } = (await import(pathToFileURL(entry).href)) as { readonly serveStdio?: unknown };
      return typeof serveStdio === 'function' ? (serveStdio as ServeStdio) : null;
    }
  } catch {
    // Not SDK v2, or a version that serves stdio in another way.
  }
  return null;
}

/** The export to serve where none is named, in this order. */
const USUAL_EXPORTS = ['createServer', 'default'];

function stop(kind: 'usage' | 'fault', message: string): never {
  process.stderr.write(`mettle-${kind}: ${message}\n`);
  process.exit(1);
}

function said(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split('\n')[0] ?? '';
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Record<Name, (...args: never[]) => unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    name in value &&
    typeof (value as Record<string, unknown>)[name] === 'function'
  );
}

async function importFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    return stop('fault', `Importing ${file} failed: ${said(error)}`);
  }
}

function findExport(
  found: Readonly<Record<string, unknown>>,
  file: string,
  name: string,
): { readonly name: string; readonly value: unknown } {
  // CommonJS exports that Node could not foresee are properties of the default export only.
  const inner =
    typeof found['default'] === 'object' && found['default'] !== null
      ? (found['default'] as Record<string, unknown>)
      : {};
  for (const candidate of name === '' ? USUAL_EXPORTS : [name]) {
    const value = found[candidate] ?? inner[candidate];
    if (value !== undefined) return { name: candidate, value };
  }
  const names = Object.keys(found).filter((key) => key !== 'module.exports');
  const has = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`;
  return stop(
    'usage',
    name === ''
      ? `${file} exports neither createServer nor a default; ${has}: name one as --module FILE#EXPORT.`
      : `${file} has no export "${name}"; ${has}.`,
  );
}

async function makeServer(
  file: string,
  exported: { readonly name: string; readonly value: unknown },
): Promise<unknown> {
  if (typeof exported.value !== 'function') return exported.value;
  try {
    return await (exported.value as () => unknown)();
  } catch (error) {
    return stop('fault', `The factory ${exported.name} of ${file} threw: ${said(error)}`);
  }
}
