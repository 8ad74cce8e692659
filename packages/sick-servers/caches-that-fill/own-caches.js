/** Forgets the oldest beyond `limit`. */
export class FirstInFirstOut {
  #entries = new Map();
  #limit;

  constructor(limit) {
    this.#limit = limit;
  }

  get(key, make) {
    if (!this.#entries.has(key)) {
      this.#entries.set(key, make(key));
      if (this.#entries.size > this.#limit) this.#entries.delete(this.#entries.keys().next().value);
    }
    return this.#entries.get(key);
  }
}

/** Forgets each entry after a time of its own, by a timer. */
export class MinuteCache {
  entries = new Map();

  constructor(ttlMs) {
    this.ttlMs = ttlMs;
  }

  get(key, make) {
    if (!this.entries.has(key)) {
      this.entries.set(key, make(key));
      setTimeout(() => this.entries.delete(key), this.ttlMs).unref();
    }
    return this.entries.get(key);
  }
}

/** Forgets what is too old, now and then. */
export class SweptCache {
  entries = new Map();

  constructor({ maxAgeMs, sweepEveryMs }) {
    this.maxAgeMs = maxAgeMs;
    setInterval(() => this.sweep(), sweepEveryMs).unref();
  }

  get(key, make) {
    if (!this.entries.has(key)) this.entries.set(key, { at: Date.now(), value: make(key) });
    return this.entries.get(key).value;
  }

  sweep() {
    const oldest = Date.now() - this.maxAgeMs;
    for (const [key, { at }] of this.entries) if (at < oldest) this.entries.delete(key);
  }
}

/** One object for equal texts: as many as there are different ones. */
export class Interned {
  #known = Object.create(null);

  of(text) {
    return (this.#known[text] ??= { text, letters: [...text] });
  }
}
