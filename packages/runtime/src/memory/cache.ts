import { LRUCache } from 'lru-cache';
import { requireNumber } from '../errors.ts';

/** Both bounds are required: by number alone a cache serves stale entries for ever, by age alone it grows with traffic. */
export interface BoundedCacheOptions<K, V> {
  /** Entries at most. */
  readonly max: number;
  /** How long an entry is good. */
  readonly ttlMs: number;
  /** Also bounds the sum of `sizeOf`. */
  readonly maxSize?: number;
  /** Size of an entry in the unit of `maxSize`, bytes for instance; at least 1. */
  readonly sizeOf?: (value: V, key: K) => number;
  /** Told of each entry that leaves, and why. */
  readonly onLeave?: (value: V, key: K, reason: LRUCache.DisposeReason) => void;
}

/** A cache that cannot grow without bound: lru-cache, with both bounds set. */
export function boundedCache<K extends {}, V extends {}>(options: BoundedCacheOptions<K, V>): LRUCache<K, V> {
  const max = requireNumber('max', options.max, 1);
  const ttl = requireNumber('ttlMs', options.ttlMs, 1);
  const { maxSize, sizeOf, onLeave } = options;
  return new LRUCache<K, V>({
    max,
    ttl,
    ...(maxSize === undefined ? {} : { maxSize: requireNumber('maxSize', maxSize, 1) }),
    ...(sizeOf === undefined ? {} : { sizeCalculation: sizeOf }),
    ...(onLeave === undefined ? {} : { dispose: onLeave }),
  });
}
