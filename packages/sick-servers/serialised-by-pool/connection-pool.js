import { setTimeout as databaseAnswer } from 'node:timers/promises';

/** A database client's pool: `size` connections, callers beyond that wait in line. */
export function createPool(size, queryMs) {
  const idle = Array.from({ length: size }, (_, number) => ({
    number,
    query: (rows) => databaseAnswer(queryMs, rows),
  }));
  const waiting = [];
  return {
    acquire() {
      const connection = idle.pop();
      if (connection) return Promise.resolve(connection);
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
    release(connection) {
      const next = waiting.shift();
      if (next) next(connection);
      else idle.push(connection);
    },
  };
}
