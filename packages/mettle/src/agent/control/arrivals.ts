import { held } from './held-steps.ts';
import type { Lane } from './lane.ts';

/*
 * What comes from outside comes in any order, and in any pieces. It is collected until nothing moves, and then put in an
 * order that is always the same, before the scheduler sees it.
 */

/** Something outside that lanes talk to: a connection, a child process, a worker. */
export interface Party {
  /** Whoever asked last is whoever waits for what comes. */
  lane: Lane;
  /** Its number among the lane's. */
  readonly serial: number;
}

interface Arrival {
  readonly party: Party;
  /** Order among what comes of one party at a time. */
  readonly rank: number;
  readonly admit: () => void;
}

let arrivals: Arrival[] = [];

export function partyOf(lane: Lane): Party {
  return { lane, serial: ++lane.parties };
}

/** Something came: `admit` is called when nothing moves. */
export function came(party: Party, rank: number, admit: () => void): void {
  held.happenings++;
  arrivals.push({ party, rank, admit });
}

/** Whether anything was admitted. */
export function admitArrivals(): boolean {
  if (arrivals.length === 0) return false;
  const all = arrivals.toSorted(
    (a, b) => a.party.lane.index - b.party.lane.index || a.party.serial - b.party.serial || a.rank - b.rank,
  );
  arrivals = [];
  for (const { admit } of all) admit();
  return true;
}
