import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { agentEnvironment } from '../../../src/agent/location.ts';
import { TEST_NODE } from '../target.ts';

const run = promisify(execFile);
const SURFACE = fileURLToPath(new URL('fixtures/surface.mjs', import.meta.url));

it('shows the same functions as Node does, which do the same while no trial is under way', async () => {
  const environment = agentEnvironment({
    socketPath: '/nonexistent/agent.sock',
    inheritedNodeOptions: undefined,
    exitWithMettle: false,
    control: true,
  });
  const seen = async (variables: Readonly<Record<string, string>>): Promise<unknown> => {
    const { stdout, stderr } = await run(TEST_NODE, [SURFACE], { env: { ...process.env, ...variables } });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };
  expect(await seen(environment)).toEqual(await seen({}));
});
