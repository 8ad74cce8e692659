import { AsyncLocalStorage } from 'node:async_hooks';
import { seeded, seedOf } from './seeded.ts';

/** One racing call with all that it started, or the background: whatever belongs to no call. */
export interface Lane {
  readonly id: string;
  /** Place among the calls, from 0; -1 for the background. */
  readonly index: number;
  /** Number of its last step. */
  steps: number;
  /** Number of what it has talked to outside. */
  parties: number;
  /** Threads of control within the lane, see `chainFor`. */
  readonly chains: Chain[];
  /** Its own random numbers: what it draws does not depend on the schedule. */
  random: () => number;
  started: boolean;
  answered: boolean;
}

/** A line of steps each of which was asked for after the one before. */
export interface Chain {
  readonly lane: Lane;
  busy: boolean;
}

const BACKGROUND = 'background';

const storage = new AsyncLocalStorage<Lane | typeof UNTOUCHED>();
const UNTOUCHED = Symbol('untouched');
let background = createLane(BACKGROUND, -1);
let lanes = new Map<string, Lane>();

function createLane(id: string, index: number): Lane {
  return {
    id,
    index,
    steps: 0,
    parties: 0,
    chains: [],
    random: seeded(seedOf(`lane ${id}`)),
    started: false,
    answered: false,
  };
}

/** Begins a trial with these lanes; what was started in lanes of an earlier one belongs to the background. */
export function resetLanes(ids: readonly string[]): void {
  background = createLane(BACKGROUND, -1);
  lanes = new Map(ids.map((id, index) => [id, createLane(id, index)]));
}

export function laneNamed(id: string): Lane | undefined {
  return lanes.get(id);
}

export function allLanes(): Iterable<Lane> {
  return lanes.values();
}

export function backgroundLane(): Lane {
  return background;
}

/** The lane of the running code. */
export function currentLane(): Lane {
  const lane = storage.getStore();
  return lane === undefined || lane === UNTOUCHED ? background : presentLane(lane);
}

/** The lane itself; the background when it is of a trial that is over. */
export function presentLane(lane: Lane): Lane {
  return lanes.get(lane.id) === lane ? lane : background;
}

let bypassed = 0;

/** Whether the running code is what Node itself does within an operation that is already under control. */
export function isUntouched(): boolean {
  return bypassed > 0 || storage.getStore() === UNTOUCHED;
}

/** As `untouched`, but only what is called at once: what it starts belongs to the lane still. */
export function bypassing<T>(body: () => T): T {
  bypassed++;
  try {
    return body();
  } finally {
    bypassed--;
  }
}

/** Runs what Node does within an operation under control: nothing of it is held once more. */
export function untouched<T>(body: () => T): T {
  return storage.run(UNTOUCHED, body);
}

export function inLane<T>(lane: Lane, body: () => T): T {
  return storage.run(lane, body);
}

/** The rest of the running callback, and what it starts, belongs to `lane`. */
export function enterLane(lane: Lane): void {
  storage.enterWith(lane);
}

/** The lane's first chain that has nothing held. */
export function chainFor(lane: Lane): Chain {
  const idle = lane.chains.find((chain) => !chain.busy);
  if (idle !== undefined) return idle;
  const chain = { lane, busy: false };
  lane.chains.push(chain);
  return chain;
}
