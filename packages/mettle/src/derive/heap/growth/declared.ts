import type { GrowthBound } from '../../../evidence/index.ts';

interface NumberField {
  readonly name: string;
  readonly value: number;
}

/**
 * Names of fields that say how many elements a container is to hold, in small letters and without separators. Others
 * with "max" or "limit" in them bound something else: how large a request may be, how often something is tried.
 */
const LIMIT =
  /^(max|limit|capacity|cap|max(imum)?(size|entries|items|keys|count|length|elements|cachesize|cache)|(size|entry|item|cache)limit|cache(size|max))$/;
const AGE = /^(default)?(ttl|max_?age|time_?to_?live|expir\w*|stale\w*|entry_?lifetime)(_?ms)?$/i;
/** An age below that is a fraction, a flag or seconds; a number of milliseconds of more than a day is a date. */
const SHORTEST_AGE_MS = 100;
const LONGEST_AGE_MS = 86_400_000;

/**
 * The bound that fields beside a container declare, when it is above what the container holds: a limit, else an age.
 * Null when none does.
 */
export function declaredBound(
  fields: readonly NumberField[],
  size: number,
  ownerName: string | null,
): GrowthBound | null {
  const limit = fields.find(
    ({ name, value }) => isLimit(name, ownerName) && Number.isInteger(value) && value >= Math.max(1, size),
  );
  if (limit !== undefined) return { kind: 'declared', property: limit.name, limit: limit.value };
  const age = fields.find(
    ({ name, value }) =>
      AGE.test(name.replace(/^[#_$]+/, '')) && value >= SHORTEST_AGE_MS && value <= LONGEST_AGE_MS,
  );
  return age === undefined ? null : { kind: 'ttl', ttlMs: age.value, property: age.name };
}

/** `max`, `#maxEntries`, `_limit`; of `sessions` also `maxSessions` and `sessionLimit`. */
function isLimit(name: string, ownerName: string | null): boolean {
  const bare = bareName(name);
  if (LIMIT.test(bare)) return true;
  const owner = ownerName === null ? '' : bareName(ownerName).replace(/s$/, '');
  if (owner.length < 3) return false;
  return new RegExp(`^(max(imum)?${owner}s?|${owner}s?(max|limit))$`).test(bare);
}

function bareName(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}
