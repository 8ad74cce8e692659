/*
 * The process behind `--module FILE#EXPORT`: imports the user's file, asks its factory for a server and serves that
 * over stdio. Loads nothing but that file, and writes nothing but protocol messages to stdout.
 */
import { pathToFileURL } from 'node:url';
import { fetchBridge, type FetchHandler } from './module-fetch-bridge.ts';
import { StdioTransport, type Connectable } from './module-transport.ts';

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

async function serve(): Promise<void> {
  const [file = '', name = ''] = process.argv.slice(2);
  const exported = findExport(await importFile(file), file, name);
  const made = await makeServer(file, exported);
  const server = [made, (made as { server?: unknown } | null | undefined)?.server].find(
    (part) => hasMethod(part, 'connect') || hasMethod(part, 'fetch'),
  );
  if (hasMethod(server, 'connect')) await (server as unknown as Connectable).connect(new StdioTransport());
  else if (hasMethod(server, 'fetch')) fetchBridge(server as unknown as FetchHandler);
  else
    stop(
      'usage',
      `The export ${exported.name} of ${file} gives no MCP server: expected a factory that returns an object with connect(transport) or fetch(request).`,
    );
}

await serve();
