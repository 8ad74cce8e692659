import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { call, race, RaceError } from '../../../../src/testing.ts';

// Servers are started many times over: on a busy machine that alone takes a minute.
vi.setConfig({ testTimeout: 240_000 });

const SERVER = fileURLToPath(new URL('fixtures/typescript/notebook.ts', import.meta.url));
const lines = readFileSync(SERVER, 'utf8').split('\n');
const line = (marker: string): number => lines.findIndex((text) => text.endsWith(`// ${marker}`)) + 1;
const stripsTypes = 'typescript' in process.features && Boolean(process.features.typescript);

test.each([
  { how: 'through tsx', options: ['--import', 'tsx'] },
  { how: 'with types stripped by Node.js', options: [], skip: !stripsTypes },
])('a race in TypeScript $how is shown at the lines that its author wrote', async ({ options, skip }) => {
  if (skip === true) return;
  const failed = await race({
    server: { command: [process.execPath, ...options, SERVER] },
    calls: [call('add_note', { text: 'milk' }), call('add_note', { text: 'eggs' })],
    preemptions: 1,
  }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(RaceError);
  const { message, violations } = failed as RaceError;
  const [violation] = violations;
  expect(violation).toMatchObject({ class: 'state', preemptions: 1, reproduced: true });
  const places = (violation?.steps ?? []).flatMap(({ kind, site }) =>
    site === null || !kind.endsWith('File') ? [] : [`${kind} ${site.file}:${String(site.line)}`],
  );
  expect([...new Set(places)].toSorted()).toEqual([
    `fs.readFile ${SERVER}:${String(line('reads'))}`,
    `fs.writeFile ${SERVER}:${String(line('writes'))}`,
  ]);
  expect(message).toContain(`notebook.ts:${String(line('writes'))}`);
});
