/** The last holder of each lock, or who waits last for it. */
const last = new Map();

/** Runs the work while nobody else holds the lock. */
export function withLock(name, work) {
  const before = last.get(name) ?? Promise.resolve();
  const done = before.then(work);
  last.set(
    name,
    done.catch(() => {}),
  );
  return done;
}
