/* The same work for workerpool, which wants it registered. */
import workerpool from 'workerpool';
import { backtrack, busy, nothing } from './pool-work.mjs';

workerpool.worker({ backtrack, busy, nothing });
