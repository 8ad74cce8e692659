import { realpathSync } from 'node:fs';
import module, { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';

interface Resolved {
  readonly url: string;
  readonly format?: string | null;
}
/** Node 22.15 and later; newer than the types we build with. */
interface SynchronousHooks {
  readonly registerHooks?: (hooks: {
    resolve(
      specifier: string,
      context: { readonly parentURL?: string },
      next: (specifier: string, context: unknown) => Resolved,
    ): Resolved;
  }) => void;
}

/**
 * Modules of the server itself: not of a package that it uses, nor, where it is a published one and so lies below
 * node_modules itself, of any package but its own.
 */
export class OwnModules {
  /** What all their URLs begin with. */
  readonly #root: string;

  constructor(script: string) {
    const url = pathToFileURL(realPath(script)).href;
    this.#root = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(url)?.[0] ?? 'file:';
  }

  has(url: string): boolean {
    return url.startsWith(this.#root) && !url.slice(this.#root.length).includes('/node_modules/');
  }

  /** Every one that is an ES module gets the generation's number into its URL, so that it is evaluated again. */
  version(generation: () => number): void {
    const { registerHooks } = module as unknown as SynchronousHooks;
    if (registerHooks === undefined) {
      register(`data:text/javascript,${encodeURIComponent(handedOn(this.#root))}`);
      return;
    }
    registerHooks({
      resolve: (specifier, context, next) => {
        const found = next(specifier, context);
        const number = generation();
        const own = this.has(found.url) && !found.url.includes('?');
        return number > 0 && own && found.format !== 'commonjs'
          ? { ...found, url: `${found.url}?mettle=${String(number)}` }
          : found;
      },
    });
  }

  /** CommonJS modules are known by their file name alone: they are evaluated at the next require. */
  forget(): void {
    const { cache } = createRequire(import.meta.url);
    for (const path of Object.keys(cache))
      if (this.has(pathToFileURL(path).href)) Reflect.deleteProperty(cache, path);
  }
}

function realPath(script: string): string {
  try {
    return realpathSync(script);
  } catch {
    // Named without its extension, say: Node finds it all the same.
    return script;
  }
}

/** Hooks on a thread of their own cannot ask for the number: it is handed on from importer to imported. */
function handedOn(root: string): string {
  return `const root = ${JSON.stringify(root)};
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  const version = /\\?mettle=\\d+$/.exec(context.parentURL ?? '');
  const own = found.url.startsWith(root) && !found.url.slice(root.length).includes('/node_modules/') && !found.url.includes('?');
  return version !== null && own && found.format !== 'commonjs' ? { ...found, url: found.url + version[0] } : found;
}`;
}
