export { harden } from './harden.ts';
export { createPolicy } from './policy.ts';
export type { Policy } from './policy.ts';
export type { PolicyOptions } from './options.ts';
export type { AuthInfo } from './era.ts';
export type { AnyServer } from './hook.ts';
export { healthOf, HEALTH_URI } from './health.ts';
export type { Health } from './health.ts';
