/** Version of the library, for logs and metrics. */
export const VERSION = '0.1.0';

export { ERROR_CODES, isRuntimeError, RuntimeError } from './errors.ts';
export type { RuntimeErrorCode } from './errors.ts';
export { currentCall } from './call.ts';
export type { Call } from './call.ts';
export * from './exclusive/index.ts';
export * from './limit/index.ts';
export * from './mcp/index.ts';
