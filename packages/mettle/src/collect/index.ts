export { openAgentChannel } from './channel.ts';
export type { AgentChannel, ServingAgent } from './channel.ts';
export { ALWAYS_ON_OPTIONS, BLOCKING_OPTIONS, collectBlocking } from './collectors/blocking.ts';
export { collectOverlap } from './collectors/overlap.ts';
export { collectProcess } from './collectors/process.ts';
export { collectWaiting } from './collectors/waiting.ts';
