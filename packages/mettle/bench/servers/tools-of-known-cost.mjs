/*
 * Tools whose CPU is fixed by the amount of work, not by a clock: the same call costs the same alone and in a mix.
 * Each spends it in another way that attribution has to get right.
 */
import { pbkdf2Sync } from 'node:crypto';
import { setImmediate as yieldToLoop, setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const FIELDS = Array.from({ length: 60 }, (_, i) => `field${i}`);
const record = Object.fromEntries(FIELDS.map((name, i) => [name, i % 2 === 0 ? i : name]));
/** About 2 MB. */
const document = JSON.stringify(
  Array.from({ length: 11_000 }, (_, i) => ({
    id: i,
    name: `item ${i}`,
    tags: ['red', 'green'],
    price: i * 1.5,
    text: 'x'.repeat(100),
  })),
);
const EVIL = /^(?:a+)+$/;

function mix(state, rounds) {
  for (let i = 0; i < rounds; i++) state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i) | 0;
  return state;
}

/**
 * Called a few times with long loops only, V8 now and then leaves it at a compiler's half for seconds: then the same call takes
 * three to four times the CPU (Node 24). Called often, it is compiled as far as it goes.
 */
export function compileToTheEnd(times) {
  for (let i = 0; i < times; i++) mix(i, 300);
}
compileToTheEnd(3_000);

export const toolsOfKnownCost = {
  async noop() {
    return 'done';
  },
  /** Synchronous from the first line on. */
  async cheap() {
    return mix(1, 350_000);
  },
  /** Native, after an await: no frame of the handler is the caller any more. */
  async hash() {
    await sleep(2);
    return pbkdf2Sync('secret', 'salt', 6_000, 32, 'sha256').toString('hex');
  },
  /** Compiles code at run time, collects garbage. */
  async zodc() {
    const shape = Object.fromEntries(
      FIELDS.map((name, i) => [name, i % 2 === 0 ? z.number().min(-1).max(1e6) : z.string().min(1).max(100)]),
    );
    return Object.keys(z.object(shape).parse(record)).length;
  },
  /** No frame of its own in a profile. */
  async regex() {
    await sleep(2);
    return EVIL.test(`${'a'.repeat(18)}!`);
  },
  /** As bcryptjs does: chunks with other calls between them. */
  async bcrypt() {
    let state = 1;
    for (let chunk = 0; chunk < 6; chunk++) {
      state = mix(state, 250_000);
      await yieldToLoop();
    }
    return state;
  },
  /** Allocates much; later collections fall into whoever's time it is. */
  async json() {
    return JSON.parse(document).length;
  },
};
