import { collectHeapGrowth, openAgentChannel } from '../../../collect/index.ts';
import type { HeapRecording } from '../../../collect/index.ts';
import { lookAtProcess, refusal } from '../../../session/index.ts';
import { callOf, enter, handOver, throughInspector } from '../../attached-process.ts';
import type { FetchScripts } from '../../source-library.ts';
import { fetchScripts } from '../../stages.ts';

const ARRIVAL_MS = 30_000;

/** Attaches to the server's own process, of which the test has no more use afterwards. */
export async function openChildHeap(
  pid: number,
): Promise<{ readonly recording: HeapRecording; readonly fetch: FetchScripts | null }> {
  const target = lookAtProcess(pid);
  const channel = await openAgentChannel();
  try {
    await handOver(target, channel.socketPath);
    const call = callOf('attachForMemory', channel, null);
    await throughInspector(target, [], (inspector) => enter(inspector, { target, call }));
    const agent = await channel.serving(ARRIVAL_MS);
    if (agent === null) throw refusal(`Process ${pid} does not answer: its event loop is held.`);
    const recording = await collectHeapGrowth.start(agent);
    const stop = async (): Promise<void> => {
      await recording.stop();
      await channel.close();
    };
    return { recording: { ...recording, stop }, fetch: fetchScripts(agent) };
  } catch (error) {
    await channel.close();
    throw error;
  }
}
