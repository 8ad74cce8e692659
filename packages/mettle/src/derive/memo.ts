/** The view, computed once for each piece of evidence: detectors share views without knowing of one another. */
export function memoised<E extends object, R>(view: (evidence: E) => R): (evidence: E) => R {
  const known = new WeakMap<E, { readonly value: R }>();
  return (evidence) => {
    let entry = known.get(evidence);
    if (entry === undefined) {
      entry = { value: view(evidence) };
      known.set(evidence, entry);
    }
    return entry.value;
  };
}
