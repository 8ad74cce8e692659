import type { OverlapAnswer, OverlapOptions } from '../../agent/protocol.ts';
import type { ServingAgent } from '../channel.ts';

/** What calls of one subject have outstanding, and where they wait, while several are in flight. */
export const collectOverlap = {
  key: 'overlap',
  disturbance: 'tracing',
  async start(agent: ServingAgent, options: OverlapOptions): Promise<{ stop(): Promise<OverlapAnswer> }> {
    await agent.start('overlap', options);
    return { stop: () => agent.stop('overlap') };
  },
} as const;
