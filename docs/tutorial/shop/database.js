import { setTimeout as answer } from 'node:timers/promises';

/** Stands for a database: answers take a moment, and the last hundred rows are kept. */
export class Table {
  #rows = new Map();
  #answerMs;

  constructor(answerMs) {
    this.#answerMs = answerMs;
  }

  async get(key) {
    await answer(this.#answerMs);
    return this.#rows.get(key);
  }

  async set(key, value) {
    await answer(this.#answerMs);
    this.#rows.set(key, value);
    if (this.#rows.size > 100) this.#rows.delete(this.#rows.keys().next().value);
  }
}
