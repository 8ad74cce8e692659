export { createLimit } from './limit.ts';
export type { Limit, LimitOptions, LimitRunOptions } from './limit.ts';
export type { GateCounts } from './gate.ts';
export { Gradient2 } from './gradient2.ts';
export type { Gradient2Options } from './gradient2.ts';
export type { GuardOptions, Pressure } from './guard.ts';
export { cancelOnDisconnect, refuseOverload } from './http.ts';
export type { FastifyReply, HonoContext, OverloadMiddleware, OverloadSource } from './http.ts';
