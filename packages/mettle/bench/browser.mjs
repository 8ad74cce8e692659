/*
 * Finds a Chromium, which is not among the project's dependencies, and drives it with playwright-core. Set CHROMIUM to its
 * path where it is not in one of the usual places; PLAYWRIGHT_CORE, where the package is to come from another folder.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome.exe',
  'msedge.exe',
];
const USUAL_PLACES = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...USUAL_PLACES].find(
    existsSync,
  );
}

function findPlaywright() {
  const require = createRequire(import.meta.url);
  const { PLAYWRIGHT_CORE } = process.env;
  try {
    return require(PLAYWRIGHT_CORE ? resolve(PLAYWRIGHT_CORE) : 'playwright-core');
  } catch {
    return undefined;
  }
}

/** Starts a headless Chromium; null, with one sentence on stderr, where there is none. */
export async function launchBrowser() {
  const executablePath = findChromium();
  const playwright = findPlaywright();
  if (executablePath === undefined || playwright === undefined) {
    const missing =
      executablePath === undefined
        ? 'no Chromium was found (set CHROMIUM)'
        : 'the package playwright-core was not found (set PLAYWRIGHT_CORE to its folder)';
    console.error(`Skipped: ${missing}.`);
    return null;
  }
  return playwright.chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
