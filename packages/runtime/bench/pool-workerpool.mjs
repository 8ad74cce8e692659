/* The same work for workerpool, which wants it registered. */
import { backtrack, busy, nothing } from './pool-work.mjs';

// Installed somewhere else by the bench, which says where.
const { default: workerpool } = (await import(process.env.WORKERPOOL)).all;
workerpool.worker({ backtrack, busy, nothing });
