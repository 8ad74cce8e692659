import { EventEmitter } from 'node:events';

/** A weather station behind one event for all: each reading is told to everybody who listens. */
export class Station extends EventEmitter {
  #lastRequest = 0;

  constructor() {
    super();
    // Many may wait for a reading at once; the warning at eleven would be noise.
    this.setMaxListeners(0);
  }

  /** Asks for a reading; it comes as an event with the number that is returned. */
  ask(place) {
    const request = ++this.#lastRequest;
    setImmediate(() => {
      this.emit('reading', { request, place, celsius: (place.length * 7) % 35, hourly: hoursOf(place) });
    });
    return request;
  }
}

function hoursOf(place) {
  return Array.from({ length: 24 }, (_, hour) => ((place.length + hour) * 1.5) % 35);
}
