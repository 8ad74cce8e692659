import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, test } from 'vitest';
import { createPolicy, harden } from '../../src/mcp/index.ts';
import type { Policy } from '../../src/mcp/index.ts';
import { later, turns } from '../handshake.ts';
import { overMemory } from './servers.ts';
import type { Peer } from './servers.ts';

/** A tool that answers with a task at once and works on for as long as the test wants. */
async function taskServer(policy: Policy): Promise<{ peer: Peer; finish: () => void }> {
  const held = later();
  const taskStore = new InMemoryTaskStore();
  const server = new McpServer(
    { name: 'test', version: '1' },
    { capabilities: { tasks: { requests: { tools: { call: {} } }, cancel: {} } }, taskStore },
  );
  server.experimental.tasks.registerToolTask(
    'work',
    { execution: { taskSupport: 'required' } },
    {
      createTask: async (extra) => {
        const task = await extra.taskStore.createTask({ ttl: 60_000 });
        void held.promise.then(() =>
          extra.taskStore.storeTaskResult(task.taskId, 'completed', { content: [] }),
        );
        return { task };
      },
      getTask: async (extra) => extra.taskStore.getTask(extra.taskId),
      getTaskResult: async (extra) => (await extra.taskStore.getTaskResult(extra.taskId)) as never,
    },
  );
  return { peer: await overMemory(harden(server, policy), InMemoryTransport), finish: () => held.resolve() };
}

const startTask = async (peer: Peer): Promise<{ taskId: string; refused: boolean }> => {
  const { result, error } = await peer.request('tools/call', {
    name: 'work',
    arguments: {},
    task: { ttl: 60_000 },
  });
  if (error !== undefined)
    expect(error).toMatchObject({ code: -32000, data: { reason: 'METTLE_OVERLOADED' } });
  const task = (result as { task?: { taskId: string } } | undefined)?.task;
  return { taskId: task?.taskId ?? '', refused: error !== undefined };
};

describe('a call that becomes a task', () => {
  test('holds its place until the task has ended, not only until it exists', async () => {
    const policy = createPolicy({ limits: { work: 1 }, maxQueued: 0 });
    const { peer, finish } = await taskServer(policy);
    expect((await startTask(peer)).refused).toBe(false);
    expect(policy.running).toBe(1);
    expect((await startTask(peer)).refused).toBe(true);
    finish();
    while (policy.running > 0) await turns(1);
    expect((await startTask(peer)).refused).toBe(false);
  });

  test('gives its place back when the client cancels the task', async () => {
    const policy = createPolicy({ limits: { work: 1 }, maxQueued: 0 });
    const { peer } = await taskServer(policy);
    const { taskId } = await startTask(peer);
    expect(policy.running).toBe(1);
    await peer.request('tasks/cancel', { taskId });
    expect(policy.running).toBe(0);
  });
});
