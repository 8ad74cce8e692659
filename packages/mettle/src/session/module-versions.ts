import module, { createRequire, register } from 'node:module';
import { sep } from 'node:path';

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

/** Hooks on a thread of their own cannot ask for the number: it is handed on from importer to imported. */
const HANDED_ON = `export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  const version = /\\?mettle=\\d+$/.exec(context.parentURL ?? '');
  const own = found.url.startsWith('file:') && !found.url.includes('/node_modules/') && !found.url.includes('?');
  return version !== null && own && found.format !== 'commonjs' ? { ...found, url: found.url + version[0] } : found;
}`;

/** Every ES module that is no package's gets the generation's number into its URL, so that it is evaluated again. */
export function versionOwnModules(generation: () => number): void {
  const { registerHooks } = module as unknown as SynchronousHooks;
  if (registerHooks === undefined) {
    register(`data:text/javascript,${encodeURIComponent(HANDED_ON)}`);
    return;
  }
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      const number = generation();
      const own =
        found.url.startsWith('file:') && !found.url.includes('/node_modules/') && !found.url.includes('?');
      return number > 0 && own && found.format !== 'commonjs'
        ? { ...found, url: `${found.url}?mettle=${String(number)}` }
        : found;
    },
  });
}

/** CommonJS modules are known by their file name alone: those that are no package's are evaluated at the next require. */
export function forgetOwnModules(): void {
  const { cache } = createRequire(import.meta.url);
  for (const path of Object.keys(cache))
    if (!path.includes(`${sep}node_modules${sep}`)) Reflect.deleteProperty(cache, path);
}
