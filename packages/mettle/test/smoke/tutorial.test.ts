import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../../scripts/tutorial.mjs', import.meta.url));

test.runIf(process.env['METTLE_SMOKE'] === 'all')(
  'the tutorial, from an empty folder to a report without findings, does what its page says at every step',
  { timeout: 1_200_000 },
  () => {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const run = spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8', env });
    expect(run.status, run.stdout + run.stderr).toBe(0);
  },
);
