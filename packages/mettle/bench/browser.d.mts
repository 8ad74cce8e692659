import type { Browser } from 'playwright-core';

/** Starts a headless Chromium; null, with one sentence on stderr, where there is none. */
export function launchBrowser(): Promise<Browser | null>;
