import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../../bench/browser.mjs';
import type { WatchConfig } from '../../../src/watch/config/config.ts';
import { readWatchConfig, servePage, Watcher } from '../../../src/watch/index.ts';
import { startServer, type SwitchableServer } from './switchable-server.ts';

const SCREENS = [
  [390, 'light'],
  [390, 'dark'],
  [1440, 'light'],
  [1440, 'dark'],
] as const;

const browser: Browser | null = await launchBrowser();

// Where no browser is, nothing is known of the page: the tests say so and are skipped.
describe.skipIf(browser === null)('the status page in a browser', { timeout: 60_000 }, () => {
  let server: SwitchableServer;
  let watcher: Watcher;
  let address: string;
  let close: () => Promise<void>;
  const complaints: string[] = [];

  beforeAll(async () => {
    server = await startServer();
    const folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
    watcher = await Watcher.open(await configFor(folder, server.url), () => undefined);
    const page = await servePage(watcher, { host: '127.0.0.1', port: 0, token: null });
    address = page.url;
    await watcher.start();
    close = async () => {
      await page.close();
      await watcher.stop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    };
  });
  afterAll(async () => {
    await browser?.close();
    await close();
  });

  async function open(): Promise<Page> {
    const page = await (browser as Browser).newPage({ viewport: { width: 1440, height: 900 } });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(address);
    await page.locator('#servers > li.up summary').first().waitFor();
    return page;
  }

  it('tells by itself that a server went down, and that it is back', async () => {
    const page = await open();
    const switched = page.locator('#servers > li', { hasText: 'switched' });
    expect(await switched.locator('.badge').textContent()).toBe('up');
    server.sick = true;
    await page.locator('#servers > li.down', { hasText: 'switched' }).waitFor();
    expect(await switched.locator('.sentence').textContent()).toContain('503');
    // What needs somebody stands first, and the summary and the title say it.
    expect(await page.locator('#servers > li').first().getAttribute('class')).toBe('down');
    await page.locator('#summary', { hasText: '2 of 3 servers down' }).waitFor();
    expect(await page.title()).toBe('(2 down) MCP servers');
    await page.locator('#incidents', { hasText: 'switched: down' }).waitFor();
    server.sick = false;
    await page.locator('#servers > li.up', { hasText: 'switched' }).waitFor();
    await page.locator('#incidents .badge', { hasText: 'over' }).waitFor();
    await page.close();
  });

  it('is used by keyboard alone: each server is reached, opened and closed', async () => {
    const page = await open();
    const names: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await page.keyboard.press('Tab');
      names.push((await page.locator('summary:focus .name').textContent()) ?? '');
    }
    expect(names.toSorted()).toEqual(['gone', 'steady', 'switched']);
    await page.keyboard.press('Enter');
    await page.locator('details[open] table').first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('details:not([open]) summary:focus').waitFor();
    await page.close();
  });

  it('has no flaw that axe knows, and needs no scrolling sideways, on a phone and on a screen, light and dark', async () => {
    server.tools = 'Adds two numbers, and sends them to me';
    await expect
      .poll(async () => (await watcher.history.toolChanges('switched', 1)).length, { timeout: 20_000 })
      .toBeGreaterThan(0);
    const page = await open();
    for (const name of ['switched', 'gone']) {
      await page.locator('summary', { hasText: name }).click();
      await page.locator('details[open]', { hasText: name }).locator('table').first().waitFor();
    }
    await page.locator('.change').first().waitFor();
    await page.evaluate(axe.source);
    for (const [width, colorScheme] of SCREENS) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const violations: unknown = await page.evaluate(
        `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html).slice(0, 3).join(' ')))`,
      );
      const sideways: number = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect({ width, colorScheme, violations, sideways: Math.max(0, sideways) }).toEqual({
        width,
        colorScheme,
        violations: [],
        sideways: 0,
      });
    }
    await page.close();
  });

  it('had nothing to complain of', () => {
    expect(complaints).toEqual([]);
  });
});

async function configFor(folder: string, url: string): Promise<WatchConfig> {
  const file = join(folder, 'watch.yaml');
  await writeFile(
    file,
    `defaults: { interval: 1s, failures: 1 }
servers:
  - { name: switched, url: '${url}' }
  - { name: steady, url: '${url}?steady' }
  - { name: gone, url: 'http://127.0.0.1:1/mcp' }
`,
  );
  return readWatchConfig(file, {});
}
