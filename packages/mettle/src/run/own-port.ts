import { createServer } from 'node:net';
import type { TargetSpec } from '../evidence/index.ts';

type HttpSpec = Extract<TargetSpec, { readonly kind: 'http' }>;

/**
 * The server on a free port, which stands wherever its own stood: in the command, the environment and the URL. Null when
 * neither command nor environment names the port, so that it cannot be moved.
 */
export async function onOwnPort(spec: HttpSpec): Promise<HttpSpec | null> {
  const url = new URL(spec.url);
  const { port } = url;
  const pattern = new RegExp(`(?<!\\d)${port}(?!\\d)`, 'g');
  const words = [...(spec.command ?? []), ...Object.values(spec.env)];
  if (port === '' || !words.some((word) => new RegExp(pattern.source).test(word))) return null;
  const free = String(await freePort());
  const change = (word: string): string => word.replace(pattern, free);
  url.port = free;
  const [program, ...args] = (spec.command ?? []).map(change);
  return {
    ...spec,
    url: url.href,
    command: program === undefined ? null : [program, ...args],
    env: Object.fromEntries(Object.entries(spec.env).map(([name, value]) => [name, change(value)])),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
