import type { BlockingOptions, BlockingRecord } from '../../agent/protocol.ts';
import type { ServingAgent } from '../channel.ts';

/*
 * 1 ms is V8's usual interval: a 50 ms block gets 50 samples. Slices under 1 ms are far below any
 * threshold and only summed; 50,000 of them are 4 MB on the wire.
 */
export const BLOCKING_OPTIONS: BlockingOptions = {
  samplingIntervalUs: 1000,
  sliceThresholdMs: 1,
  maxSlices: 50_000,
};

/**
 * For hours on a server in use: a tenth of the samples, fewer readings of the thread clock. A 50 ms block still gets
 * five samples, and only stretches that some detector asks about are kept, the longest.
 */
export const ALWAYS_ON_OPTIONS: BlockingOptions = {
  samplingIntervalUs: 10_000,
  sliceThresholdMs: 10,
  maxSlices: 5_000,
  coarse: true,
};

/** Who held the main thread, for how long, in which stack. */
export const collectBlocking = {
  key: 'blocking',
  disturbance: 'sampling',
  async start(agent: ServingAgent): Promise<{ stop(): Promise<BlockingRecord> }> {
    await agent.start('blocking', BLOCKING_OPTIONS);
    return { stop: () => agent.stop('blocking') };
  },
} as const;
