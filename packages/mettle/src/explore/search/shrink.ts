/**
 * The fewest items for which something still holds, by leaving out halves, then quarters, then single ones (delta
 * debugging: Zeller & Hildebrandt, TSE 2002). It holds for all of them.
 */
export async function shrink<T>(
  items: readonly T[],
  holds: (fewer: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = items;
  for (let size = Math.ceil(items.length / 2); size >= 1 && left.length > 1;) {
    let removed = false;
    for (let from = 0; from < left.length && left.length > 1;) {
      const fewer = [...left.slice(0, from), ...left.slice(from + size)];
      if (fewer.length > 0 && (await holds(fewer))) {
        left = fewer;
        removed = true;
      } else from += size;
    }
    if (size === 1 && !removed) break;
    size = size === 1 ? 1 : Math.max(1, Math.floor(size / 2));
  }
  return left;
}
