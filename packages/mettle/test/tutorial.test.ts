import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../scripts/tutorial.mjs', import.meta.url));

test(
  'the tutorial shows the changes that it makes and lines that are there, and its race is found',
  { timeout: 240_000 },
  () => {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const run = spawnSync(process.execPath, [SCRIPT, '--quick'], { encoding: 'utf8', env });
    expect(run.status, run.stdout + run.stderr).toBe(0);
  },
);
