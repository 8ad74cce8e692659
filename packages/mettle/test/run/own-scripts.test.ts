import { expect, test } from 'vitest';
import { ownScripts } from '../../src/run/leak/in-test/own-scripts.ts';
import { SourceLibrary } from '../../src/run/source-library.ts';
import type { Frame } from '../../src/evidence/index.ts';
import { connected } from './fixtures/in-tests/server.mjs';
import { ownFixture } from './bare-server.ts';

test('places in modules that Vite has changed before they run are those of their files', async () => {
  expect(connected).toBeTypeOf('function');
  const file = ownFixture('in-tests/server.mjs');
  const home = { cwd: process.cwd(), packages: [] };
  const library = new SourceLibrary(home, { rewritten: true });
  const answer = await ownScripts({ scriptIds: [], urls: [new URL(`file://${file}`).href] });
  const lines = answer?.scripts[0]?.text.split('\n') ?? [];
  const line = lines.findIndex((text) => text.includes('sessions.set(')) + 1;
  const column = (lines[line - 1] ?? '').indexOf('set(') + 1;
  const stack: readonly Frame[] = [{ function: 'handler', file, line, column }];
  await library.learnStacks({ stack }, ownScripts);
  expect(line).not.toBe(19);
  expect(library.notes()).toEqual([]);
  expect(library.placeStacks({ stack }).stack[0]).toMatchObject({ file, line: 19 });
});
