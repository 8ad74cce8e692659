import type { WaitingRecord } from '../../evidence/index.ts';
import { redactText } from '../../evidence/index.ts';
import type { ServingAgent } from '../channel.ts';

/** What calls wait for while their own code does not run; secrets in paths and names redacted. */
export const collectWaiting = {
  key: 'waiting',
  disturbance: 'tracing',
  async start(agent: ServingAgent): Promise<{ stop(): Promise<WaitingRecord> }> {
    await agent.start('waiting', {});
    return { stop: async () => redacted(await agent.stop('waiting')) };
  },
} as const;

function redacted(record: WaitingRecord): WaitingRecord {
  const subjects = record.subjects.map((subject) => ({
    ...subject,
    waits: subject.waits.map((wait) => ({
      ...wait,
      what: wait.what === null ? null : redactText(wait.what),
    })),
  }));
  return { ...record, subjects };
}
