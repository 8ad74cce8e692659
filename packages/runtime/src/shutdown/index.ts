export { onShutdown } from './shutdown.ts';
export type { Closable, Drainable, Shutdown, ShutdownOptions } from './shutdown.ts';
