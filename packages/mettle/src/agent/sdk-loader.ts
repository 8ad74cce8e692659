import { rewriteLoaded } from './sdk-rewrite.ts';

interface Loaded {
  readonly format: string;
  readonly source?: unknown;
}
type NextLoad = (url: string, context: unknown) => Promise<Loaded>;

/** Module hook that runs on Node's loader thread where `module.registerHooks` does not exist. CommonJS is seen elsewhere. */
export async function load(url: string, context: unknown, nextLoad: NextLoad): Promise<Loaded> {
  const loaded = await nextLoad(url, context);
  if (loaded.format !== 'module') return loaded;
  const source = rewriteLoaded(loaded.source, url);
  return source === null ? loaded : { ...loaded, source };
}
