import type { GrowthBound } from '../../../evidence/index.ts';

interface NumberField {
  readonly name: string;
  readonly value: number;
}

/** Names of fields that say how much a container is to hold. */
const LIMIT = /^[#_$]*(max|limit|capacity|cap)|(max|limit|capacity)(size|length|entries|items|keys|count)?$/i;
/** Of these not: how often, how long, how many bytes of one. */
const NO_LIMIT = /retr|attempt|listener|age|ttl|time|delay|ms$|bytes|depth|concurren|redirect|length$/i;
const AGE = /ttl|max_?age|expir|idle_?(time|ms)|stale|lifetime/i;
/** An age below that is a fraction, a flag or seconds; a number of milliseconds of more than a day is a date. */
const SHORTEST_AGE_MS = 100;
const LONGEST_AGE_MS = 86_400_000;

/**
 * The bound that fields beside a container declare, when it is above what the container holds: a limit, else an age.
 * Null when none does.
 */
export function declaredBound(fields: readonly NumberField[], size: number): GrowthBound | null {
  const limit = fields.find(
    ({ name, value }) =>
      LIMIT.test(name) && !NO_LIMIT.test(name) && Number.isInteger(value) && value >= Math.max(1, size),
  );
  if (limit !== undefined) return { kind: 'declared', property: limit.name, limit: limit.value };
  const age = fields.find(
    ({ name, value }) => AGE.test(name) && value >= SHORTEST_AGE_MS && value <= LONGEST_AGE_MS,
  );
  return age === undefined ? null : { kind: 'ttl', ttlMs: age.value, property: age.name };
}
