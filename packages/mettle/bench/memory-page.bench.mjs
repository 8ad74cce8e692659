/*
 * Does the page show what a leaking server's memory did, in a real browser, light and dark, on a desk and on a telephone?
 * Runs `mettle leak` on the six-tool server, opens its report.html in headless Chromium and looks: at errors, at what the
 * page fetches, at names for screen readers, at colours, at what is wider than the screen.
 *
 *   npm run bench -- memory-page [folder for screenshots]
 *
 * Needs a Chromium and the package playwright-core: see browser.mjs. Without them it is skipped, in one sentence. Exit
 * code 1 when something is not as it is to be.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { launchBrowser } from './browser.mjs';

const METTLE = fileURLToPath(new URL('../bin/mettle.js', import.meta.url));
const SICK = fileURLToPath(new URL('../../sick-servers/six-tools/sick.js', import.meta.url));
/** Text and what stands for a figure: contrast as WCAG 2 asks for text of normal size. */
const LEAST_CONTRAST = 4.5;

const LOOKS = [
  ['light', 1200],
  ['dark', 1200],
  ['light', 390],
  ['dark', 390],
];

function report(folder) {
  const { status, stderr } = spawnSync(
    process.execPath,
    [METTLE, 'leak', '--quiet', '--out', folder, '--', process.execPath, SICK],
    { encoding: 'utf8' },
  );
  assert.equal(status, 1, `mettle leak found nothing, or failed: ${stderr}`);
  return pathToFileURL(join(folder, 'report.html')).href;
}

const STEPS = {
  'nothing fails, and nothing is fetched': async (_page, { errors, requests, url }) => {
    assert.deepEqual(errors, []);
    assert.deepEqual(
      requests.filter((request) => request !== url),
      [],
    );
  },
  'nothing is wider than the screen': async (page) =>
    assert.ok(
      (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0,
      'the page scrolls sideways',
    ),
  'each picture has a name with figures in it': async (page) => {
    const labels = await page
      .locator('#memory svg')
      .evaluateAll((pictures) =>
        pictures.map((picture) => [picture.getAttribute('role'), picture.getAttribute('aria-label')]),
      );
    assert.ok(labels.length >= 7, `only ${labels.length} pictures`);
    for (const [role, label] of labels) {
      assert.equal(role, 'img');
      assert.match(label, /\d/);
    }
  },
  'four leaks do not end, the cache does': async (page) => {
    assert.ok((await page.locator('#memory .fate.never').count()) >= 4);
    assert.match((await page.locator('#memory .fate.ends').allTextContents()).join(), /stops at \d+/);
  },
  'each bar of new arguments meets its line': async (page) => {
    const misses = await page.locator('#memory .rounds .plot').evaluateAll((plots) =>
      plots.flatMap((plot) => {
        const bars = [...plot.querySelectorAll('rect.kept')].slice(1, 4);
        return bars.flatMap((bar) => {
          const line = bar.nextElementSibling;
          if (line === null || !line.classList.contains('expected')) return [];
          const at = Number(/M[\d.]+ ([\d.]+)h/.exec(line.getAttribute('d'))[1]);
          return Math.abs(at - Number(bar.getAttribute('y'))) > 1 ? [bar.textContent] : [];
        });
      }),
    );
    assert.deepEqual(misses, []);
  },
  'retaining paths run from a module down to what is kept': async (page) => {
    const paths = page.locator('.path-steps');
    assert.ok((await paths.count()) >= 3);
    const first = paths.first();
    assert.match(await first.locator('.root').textContent(), /module/);
    assert.equal(await first.locator('.kept').count(), 1);
    const tops = await first
      .locator('.box')
      .evaluateAll((boxes) => boxes.map((box) => box.getBoundingClientRect().top));
    assert.deepEqual(
      tops,
      tops.toSorted((a, b) => a - b),
    );
  },
  'what is told in colour can be read': async (page) => {
    const faint = await page
      .locator('#memory .fate, #memory .row-words, .path-steps .holds')
      .evaluateAll((elements, least) => {
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        const luminance = (colour) => {
          canvas.fillStyle = colour;
          canvas.fillRect(0, 0, 1, 1);
          const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
            const share = value / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const paper = luminance(getComputedStyle(document.body).backgroundColor);
        return elements
          .map((element) => {
            const ink = luminance(getComputedStyle(element).color);
            return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
          })
          .filter((contrast) => contrast < least);
      }, LEAST_CONTRAST);
    assert.deepEqual(faint, []);
  },
};

async function look(browser, url, [colorScheme, width], screenshots) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const [errors, requests] = [[], []];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => errors.push(message.text()));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  let failed = 0;
  for (const [name, step] of Object.entries(STEPS)) {
    try {
      await step(page, { errors, requests, url });
    } catch (error) {
      failed++;
      console.log(`not ok  ${colorScheme} ${width} px: ${name}: ${error.message}`);
    }
  }
  if (screenshots !== undefined) {
    // The bar that stays at the top would stand in the middle of a picture of what is longer than the screen.
    await page.addStyleTag({ content: 'nav{position:static!important}' }).catch(() => {});
    await page
      .locator('#memory')
      .screenshot({ path: join(resolve(screenshots), `memory-${colorScheme}-${width}.png`) });
  }
  await page.close();
  console.log(
    `${colorScheme}, ${width} px: ${Object.keys(STEPS).length - failed} of ${Object.keys(STEPS).length} as they are to be`,
  );
  return failed;
}

const browser = await launchBrowser();
if (browser !== null) {
  const folder = mkdtempSync(join(tmpdir(), 'memory-page-'));
  try {
    const url = report(folder);
    let failed = 0;
    for (const how of LOOKS) failed += await look(browser, url, how, process.argv[2]);
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
