/*
 * Can the strip of blocks above the flame graph be used without a mouse? Opens a synthetic profile in headless Chromium,
 * presses real keys and looks at what has the focus, what is said to screen readers, and what is shown.
 *
 *   npm run bench -- flame-graph-keys
 *
 * Needs a Chromium and the package playwright-core: see browser.mjs. Without them it is skipped, in one sentence. Exit
 * code 1 when a key does not do what the guide says.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launchBrowser } from './browser.mjs';
import { renderPage } from './synthetic-flame-graph.mjs';

const NODES = 5_000;

const hasFocus = (page) => page.evaluate(() => document.activeElement?.className ?? '');
const said = (page) => page.locator('.flame-live').textContent();
const tool = (page) => page.locator('.flame-subject').inputValue();
/** A picture of the strip as text, to tell two of them apart. */
const picture = async (page) => (await page.locator('.flame-strip').screenshot()).toString('base64');
const blockedMs = (words) => {
  const [, figure, unit] = /blocked for ([\d.,]+) (ms|s) by/.exec(words) ?? assert.fail(`no block: ${words}`);
  return Number(figure.replaceAll(',', '')) * (unit === 's' ? 1000 : 1);
};
const secondsAfter = (words) => Number(/([\d.]+) s after the first block/.exec(words)[1]);

async function press(page, key) {
  await page.keyboard.press(key);
  return said(page);
}

const STEPS = {
  'Tab comes to the strip': async (page) => {
    for (let i = 0; i < 40 && (await hasFocus(page)) !== 'flame-strip'; i++) await page.keyboard.press('Tab');
    assert.equal(await hasFocus(page), 'flame-strip');
    const outline = await page
      .locator('.flame-strip')
      .evaluate((strip) => getComputedStyle(strip).outlineStyle);
    assert.equal(outline, 'solid');
  },
  'up comes to the longest, down to the next shorter': async (page) => {
    const longest = blockedMs(await press(page, 'ArrowUp'));
    const next = blockedMs(await press(page, 'ArrowDown'));
    const after = blockedMs(await press(page, 'ArrowDown'));
    assert.ok(longest >= next && next >= after && longest > after, `${longest}, ${next}, ${after}`);
  },
  'Home comes to the first, right to later ones, left back': async (page) => {
    const before = await picture(page);
    const first = await press(page, 'Home');
    assert.equal(secondsAfter(first), 0);
    assert.notEqual(await picture(page), before, 'the block is marked');
    const second = await press(page, 'ArrowRight');
    assert.ok(secondsAfter(second) >= 0 && second !== first);
    assert.equal(await press(page, 'ArrowLeft'), first);
    assert.ok(secondsAfter(await press(page, 'End')) > secondsAfter(second));
  },
  'Enter shows the tool that blocked alone, and keeps the focus': async (page) => {
    assert.equal(await tool(page), '-1');
    const words = await press(page, 'Enter');
    const chosen = await page.locator('.flame-subject option:checked').textContent();
    assert.notEqual(await tool(page), '-1');
    assert.ok(words.includes(` by ${chosen.replace(/ \(.*| ·.*/, '')}`), `${words} / ${chosen}`);
    assert.equal(await hasFocus(page), 'flame-strip');
  },
  'Escape shows all tools again': async (page) => {
    await press(page, 'Escape');
    assert.equal(await tool(page), '-1');
  },
  'Tab leaves it': async (page) => {
    await page.keyboard.press('Tab');
    assert.notEqual(await hasFocus(page), 'flame-strip');
  },
};

async function run(browser) {
  const folder = mkdtempSync(join(tmpdir(), 'flame-graph-keys-'));
  try {
    const file = join(folder, 'page.html');
    writeFileSync(file, renderPage(NODES));
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(pathToFileURL(file).href);
    for (const [what, step] of Object.entries(STEPS)) {
      await step(page);
      console.log(`ok  ${what}`);
    }
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const browser = await launchBrowser();
if (browser !== null)
  await run(browser).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
