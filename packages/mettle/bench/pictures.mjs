/*
 * The pictures of docs/images, light and dark, from a real report and from a flame graph of 100,000 nodes.
 *
 *   npx mettle profile --out /some/folder -- node packages/sick-servers/general/sick.js
 *   node packages/mettle/bench/pictures.mjs /some/folder/report.html docs/images
 *
 * Needs a Chromium and the package playwright-core: see browser.mjs.
 */
import { rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launchBrowser } from './browser.mjs';
import { renderPage } from './synthetic-flame-graph.mjs';

const [WIDTH, HEIGHT] = [1200, 1000];

async function openPage(browser, file, colorScheme) {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT }, colorScheme });
  page.on('pageerror', (error) => console.error('page error:', error.message));
  page.on('console', (message) => console.error('console:', message.text()));
  await page.goto(pathToFileURL(file).href);
  return page;
}

/** Brings a section to the top, below the bar that stays there. */
const showSection = (page, selector) =>
  page.locator(selector).evaluate((section) => {
    document.documentElement.style.scrollBehavior = 'auto';
    section.scrollIntoView();
  });

/** The first finding; then the flame graph with a note on the pointer. */
async function pictureReport(browser, file, colorScheme, save) {
  const page = await openPage(browser, file, colorScheme);
  await showSection(page, '#findings');
  await page.screenshot({ path: save('finding', colorScheme) });
  await showSection(page, '#profile');
  const canvas = await page.locator('.flame-canvas').boundingBox();
  await page.mouse.move(canvas.x + canvas.width * 0.2, canvas.y + 22 * 6 + 10);
  await page.screenshot({ path: save('flame-graph', colorScheme) });
  await page.close();
}

/** 100,000 nodes with a search. */
async function pictureLarge(browser, file, colorScheme, save) {
  const page = await openPage(browser, file, colorScheme);
  await page.fill('.flame-search', 'zod');
  await page.screenshot({ path: save('flame-graph-100000-nodes', colorScheme) });
  await page.close();
}

const [report, images] = process.argv.slice(2);
if (report === undefined || images === undefined) {
  console.error('Give the report.html of a `mettle profile` run and the folder for the pictures.');
  process.exit(2);
}
const browser = await launchBrowser();
if (browser === null) process.exit(2);
const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
try {
  const large = join(folder, 'large.html');
  writeFileSync(large, renderPage(100_000));
  const save = (name, colorScheme) => join(resolve(images), `${name}-${colorScheme}.png`);
  for (const colorScheme of ['light', 'dark']) {
    await pictureReport(browser, resolve(report), colorScheme, save);
    await pictureLarge(browser, large, colorScheme, save);
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
