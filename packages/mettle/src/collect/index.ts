export { openAgentChannel } from './channel.ts';
export type { AgentChannel, ServingAgent } from './channel.ts';
export { ALWAYS_ON_OPTIONS, BLOCKING_OPTIONS, collectBlocking } from './collectors/blocking.ts';
export { collectHeapGrowth } from './collectors/heap-growth.ts';
export type { HeapMemory, HeapRecording, TrappedGrowth } from './collectors/heap-growth.ts';
export { collectOverlap } from './collectors/overlap.ts';
export { collectProcess } from './collectors/process.ts';
export { collectWaiting } from './collectors/waiting.ts';
