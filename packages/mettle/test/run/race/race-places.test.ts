import { expect, it } from 'vitest';
import type { RaceEvidence, RaceStep } from '../../../src/evidence/index.ts';
import { atOriginalPlaces } from '../../../src/run/race/race-places.ts';
import { SourceLibrary } from '../../../src/run/source-library.ts';
import { came, raced, says, steps, violation } from '../../builders/race.ts';

const library = new SourceLibrary({ cwd: '/home/me/project', modules: [] } as never);
const LOOK_UP = {
  library,
  directory: '/tmp/copy',
  cwd: '/home/me/project',
  fetch: () => Promise.resolve(null),
};

/** What the steps are called, of these resources. */
async function named(resources: readonly string[], detail = ''): Promise<readonly RaceStep[]> {
  const told = steps(...resources.map(() => 'A call')).map((step, i) => ({
    ...step,
    resource: resources[i] ?? null,
    detail,
  }));
  const outcome = came([says('ok')]);
  const shown = violation({ class: 'state', steps: told, outcome, allowed: [outcome] });
  const evidence: RaceEvidence = raced({ violations: [shown] }).race;
  return (await atOriginalPlaces(evidence, LOOK_UP)).violations[0]?.steps ?? [];
}

it('files are named from the working copy, the project or the package on', async () => {
  const resources = [
    'notes.json',
    '/tmp/copy/notes.json',
    '/home/me/project/data/users.csv',
    '/home/me/project/node_modules/@scope/server/dist/memory.jsonl',
    '/usr/lib/node_modules/server/memory.jsonl',
    '/var/lib/app/state.db',
    'example.com:443',
  ];
  expect((await named(resources)).map(({ resource }) => resource)).toEqual([
    'notes.json',
    '{dir}/notes.json',
    'data/users.csv',
    'node_modules/@scope/server/dist/memory.jsonl',
    'server/memory.jsonl',
    '/var/lib/app/state.db',
    'example.com:443',
  ]);
  const [moved] = await named(['/home/me/project/b.txt'], 'from /home/me/project/a.txt');
  expect(moved?.detail).toBe('from a.txt');
});
