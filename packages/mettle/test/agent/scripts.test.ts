import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { fixture, launch } from './target.ts';
import type { Target } from './target.ts';

let target: Target | undefined;
afterEach(() => target?.stop());

it('hands over scripts as V8 has them, by URL or number, and nothing else; the server serves on', async () => {
  target = await launch([fixture('stdio-v1.mjs')]);
  const url = pathToFileURL(fixture('tools.mjs')).href;
  const { scripts, omitted } = await target.agent.scripts({
    scriptIds: ['no such'],
    urls: [url, 'file:///no'],
  });
  expect(scripts).toEqual([
    { scriptId: expect.any(String), url, text: readFileSync(fixture('tools.mjs'), 'utf8') },
  ]);
  expect(omitted).toBe(0);
  const again = await target.agent.scripts({ scriptIds: scripts.map(({ scriptId }) => scriptId), urls: [] });
  expect(again.scripts).toEqual(scripts);
  expect(await target.call('noop')).toHaveProperty('result');
  expect(target.stdoutLines.filter((line) => !line.startsWith('{'))).toEqual([]);
});
