/*
 * Pictures of a report and of two runs beside each other, light and dark, 1440 and 390 px wide, into docs/images; axe-core
 * looks at each page in both themes, and a page that is wider than its window is named.
 *
 *   cd packages/sick-servers
 *   npx mettle check --allow-writes --out /some/folder/sick -- node general/sick.js
 *   npx mettle check --allow-writes --out /some/folder/healthy -- node general/healthy.js
 *   npx mettle report /some/folder/sick --against /some/folder/healthy --format html > /some/folder/against.html
 *   node packages/mettle/bench/report-pictures.mjs /some/folder/sick/report.html /some/folder/against.html docs/images
 *
 * Needs a Chromium and playwright-core: see browser.mjs. Exit code 1 where axe finds something, a page overflows, or is over 2 MB.
 */
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launchBrowser } from './browser.mjs';

const WIDTHS = [1440, 390];
const HEIGHT = { 1440: 1000, 390: 844 };
const MOST_BYTES = 2 * 1024 * 1024;

const [report, against, images] = process.argv.slice(2);
if (images === undefined) {
  console.error('Give the report.html of a run, the page of two runs beside each other, and a folder.');
  process.exit(2);
}
const browser = await launchBrowser();
if (browser === null) process.exit(2);
const axe = createRequire(import.meta.url).resolve('axe-core');
let faults = 0;
try {
  for (const [name, file] of [
    ['report', report],
    ['against', against],
  ]) {
    const { size } = statSync(file);
    fault(size > MOST_BYTES, `${name} is ${size} bytes`);
    for (const width of WIDTHS)
      for (const colorScheme of ['light', 'dark']) await picture(name, file, { width, colorScheme });
  }
} finally {
  await browser.close();
}
process.exitCode = faults === 0 ? 0 : 1;

async function picture(name, file, { width, colorScheme }) {
  const viewport = { width, height: HEIGHT[width] };
  // Only axe needs it: the pages themselves allow no script but their own.
  const page = await browser.newPage({ viewport, colorScheme, bypassCSP: true });
  page.on('pageerror', (error) => fault(true, `${name}: ${error.message}`));
  await page.goto(pathToFileURL(resolve(file)).href);
  await page.screenshot({ path: join(images, `${name}-${width}-${colorScheme}.png`) });
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  fault(wide > 0, `${name} at ${width} px is ${wide} px too wide`);
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { id, help, nodes } of violations)
    fault(true, `${name}, ${width} px, ${colorScheme}: axe ${id}: ${help}: ${nodes[0]?.html.slice(0, 200)}`);
  await page.close();
}

function fault(is, sentence) {
  if (!is) return;
  faults++;
  console.log(`✗ ${sentence}`);
}
