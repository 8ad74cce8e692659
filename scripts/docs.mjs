/*
 * npm run docs                the site of docs/, the READMEs and the changelog, into docs/.site: plain files, no server needed
 * npm run docs -- --out DIR   into that folder instead
 * Ends with 1, and writes no page, where a link leads nowhere, or a finding, check or primitive of the runtime has no page.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, requireNode, root } from './prepare.mjs';

const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'docs/.site') } } });
const out = resolve(values.out);

requireNode();
ensureInstalled();
ensureBuilt('packages/mettle');

const { collectPages } = await import('./docs/pages.mjs');
const { renderPages } = await import('./docs/markdown.mjs');
const { missingPages } = await import('./docs/completeness.mjs');
const { pageHtml } = await import('./docs/template.mjs');

const pages = collectPages(root);
const { rendered, files, dead } = renderPages(pages, root);
const faults = [...dead, ...(await missingPages(pages, rendered))];
if (faults.length > 0) {
  for (const fault of faults) console.error(fault);
  console.error(`${faults.length} faults: nothing was written.`);
  process.exitCode = 1;
} else {
  rmSync(out, { recursive: true, force: true });
  for (const page of rendered) write(page.url, pageHtml(page, rendered));
  for (const file of files) copy(join(root, file), `files/${file}`);
  const assets = fileURLToPath(new URL('docs/assets/', import.meta.url));
  for (const name of ['site.css', 'site.js']) copy(join(assets, name), `assets/${name}`);
  copy(join(root, 'node_modules/minisearch/dist/umd/index.js'), 'assets/minisearch.js');
  // As a script, so that the search works from disk too, where a browser fetches nothing.
  const sections = rendered.flatMap((page) => page.sections);
  write('assets/search-data.js', `window.mettleDocs = ${JSON.stringify(sections)};\n`);
  console.log(`${rendered.length} pages, every link leads somewhere: ${join(out, 'index.html')}`);
}

function write(path, content) {
  const file = join(out, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function copy(from, path) {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  cpSync(from, join(out, path));
}
