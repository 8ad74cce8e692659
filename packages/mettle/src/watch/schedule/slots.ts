import { createHash } from 'node:crypto';
import type { Scheduled } from './schedule.ts';

/*
 * Where many processes share the looks, each server has slots: moments that all of them reckon alike, spread over the
 * interval by the server's name. A look belongs to its slot, however late it is taken, and a slot has one look.
 */

/** Milliseconds after each whole interval; never 0, which a job scheduler takes for none. */
export function offsetMs({ name, intervalMs }: Scheduled, region: string): number {
  return 1 + (hashOf(region, name) % (Math.round(intervalMs) - 1));
}

/** The last slot that is not in the future. */
export function lastSlotMs(intervalMs: number, offset: number, nowMs: number): number {
  const every = Math.round(intervalMs);
  return Math.floor((nowMs - offset) / every) * every + offset;
}

/** The same one of the processes for every process that knows of the same ones; when one goes, only its servers move. */
export function ownerOf(server: string, probers: readonly string[]): string | null {
  let owner: string | null = null;
  let highest = -1;
  for (const prober of probers) {
    const hash = hashOf(prober, server);
    if (hash > highest) [owner, highest] = [prober, hash];
  }
  return owner;
}

/** A name for Redis: those of servers may hold anything. */
export function schedulerIdOf(server: string): string {
  return createHash('sha256').update(server).digest('hex').slice(0, 24);
}

function hashOf(...parts: readonly string[]): number {
  return createHash('sha256').update(parts.join('\n')).digest().readUInt32BE(0);
}
