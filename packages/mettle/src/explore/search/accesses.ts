import type { RaceStep } from '../../evidence/index.ts';

/*
 * Which lane touches what: read off the steps that were really taken. It decides what is raced first and which
 * schedules are the same as others; never whether something is a fault.
 */

interface Access {
  readonly readers: Set<string>;
  readonly writers: Set<string>;
}

/** What the lanes were seen to touch, over many trials. */
export class Accesses {
  readonly #byResource = new Map<string, Access>();

  /** Adds the steps of a trial; tells whether any of them was new. */
  add(steps: readonly RaceStep[]): boolean {
    let news = false;
    for (const { lane, phase, resource, writes } of steps) {
      if (resource === null || phase !== 'effect') continue;
      let access = this.#byResource.get(resource);
      if (access === undefined) {
        access = { readers: new Set(), writers: new Set() };
        this.#byResource.set(resource, access);
      }
      const lanes = writes ? access.writers : access.readers;
      news ||= !lanes.has(lane);
      lanes.add(lane);
    }
    return news;
  }

  /** Whether another lane touches the resource, a folder above it or something in it, and one of both writes. */
  conflicts(lane: string, resource: string, writes: boolean): boolean {
    for (const [other, { readers, writers }] of this.#byResource) {
      if (!overlap(resource, other)) continue;
      if (hasOther(writers, lane) || (writes && hasOther(readers, lane))) return true;
    }
    return false;
  }

  /** The resources, with whether they are written. */
  footprint(): Footprint {
    return [...this.#byResource].map(([resource, { writers }]) => ({ resource, writes: writers.size > 0 }));
  }
}

/** What one subject touches when it runs alone. */
export type Footprint = readonly { readonly resource: string; readonly writes: boolean }[];

/** How much two subjects have to do with one another: 2 = both write a thing, 1 = one writes what the other reads, 0 = nothing seen. */
export function closeness(one: Footprint, other: Footprint): 0 | 1 | 2 {
  let most: 0 | 1 | 2 = 0;
  for (const a of one)
    for (const b of other) {
      if (!overlap(a.resource, b.resource)) continue;
      if (a.writes && b.writes) return 2;
      if (a.writes || b.writes) most = 1;
    }
  return most;
}

function overlap(a: string, b: string): boolean {
  return a === b || within(a, b) || within(b, a);
}

/** Whether a path lies within another; '.' is the working copy itself. */
function within(inner: string, outer: string): boolean {
  return outer === '.' || outer === '' || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}

function hasOther(lanes: ReadonlySet<string>, lane: string): boolean {
  return lanes.size > 1 || (lanes.size === 1 && !lanes.has(lane));
}
