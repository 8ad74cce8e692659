import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readScripts } from '../../../agent/scripts.ts';
import type { FetchScripts } from '../../source-library.ts';

/** The scripts of this very process. Test runners name them by their paths, Node by URLs. */
export const ownScripts: FetchScripts = ({ scriptIds, urls }) => {
  const paths = urls.flatMap((url) => (url.startsWith('file:') ? [fileURLToPath(url)] : []));
  const { scripts, omitted } = readScripts({ scriptIds, urls: [...urls, ...paths] });
  const asUrl = (url: string): string => (isAbsolute(url) ? pathToFileURL(url).href : url);
  return Promise.resolve({
    scripts: scripts.map(({ scriptId, url, text }) => ({
      scriptId,
      url: asUrl(url),
      // Vite closes the function that it puts around a module behind the module's source map.
      text: text.replace(/\n\}\}$/, ''),
    })),
    omitted,
  });
};
