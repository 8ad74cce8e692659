/*
 * The process behind `--module FILE#EXPORT`: imports the user's file, asks its factory for a server and serves that
 * over stdio. Loads nothing but that file, and writes nothing but protocol messages to stdout.
 */
import { loadModule, serveBothEras, serverIn } from './module-exports.ts';
import { fetchBridge } from './module-fetch-bridge.ts';
import { StdioTransport } from './module-transport.ts';

async function serve(): Promise<void> {
  const [file = '', name = ''] = process.argv.slice(2);
  const loaded = await loadModule(file, name);
  const { served, factory } = loaded;
  if (served.kind === 'fetch') {
    fetchBridge(served.handler);
    return;
  }
  const serveStdio = factory === null ? null : await serveBothEras(loaded);
  if (serveStdio === null || factory === null) await served.server.connect(new StdioTransport());
  // It asks the factory for a server of its own for each era that a client speaks.
  else serveStdio(async () => serverIn(await factory()), { transport: new StdioTransport() });
}

await serve();
