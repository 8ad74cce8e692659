import { setTimeout as databaseAnswer } from 'node:timers/promises';

/** A table of registrations whose answers take a moment, as databases' do. */
export function createRegistrations(places) {
  const registered = new Map();
  return {
    places,
    count: async (event) => {
      await databaseAnswer(2);
      return registered.get(event)?.length ?? 0;
    },
    add: async (event, name) => {
      await databaseAnswer(2);
      registered.set(event, [...(registered.get(event) ?? []), name]);
      return registered.get(event).length;
    },
  };
}
