/*
 * Eight ways in which one call holds the event loop for a quarter of a second or more. The line that does so ends in
 * a marker: "blocks" and the tool's name.
 */
import { execSync } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const EVIL = /^(?:a+)+$/;
const document = JSON.stringify(
  Array.from({ length: 300_000 }, (_, i) => ({ id: i, name: `item ${i}`, tags: ['a', 'b'], price: i * 1.5 })),
);
/** In the benchmark's folder, which it removes: this process may be killed. */
const largeFile = join(process.env.BENCH_FOLDER ?? '', 'large.bin');

function countPrimesBelow(limit) {
  let count = 0;
  candidates: for (let n = 2; n < limit; n++) {
    for (let d = 2; d * d <= n; d++) if (n % d === 0) continue candidates; // blocks helper, timer, late
    count++;
  }
  return count;
}

async function rankAfterLookup() {
  await sleep(3);
  return countPrimesBelow(900_000);
}

export const toolsThatBlock = {
  async noop() {
    return 'done';
  },
  async prepare() {
    writeFileSync(largeFile, Buffer.alloc(64 * 1024 * 1024, 'x'));
    return largeFile;
  },
  async pbkdf2() {
    await sleep(1);
    return pbkdf2Sync('secret', 'salt', 450_000, 32, 'sha256').toString('hex'); // blocks pbkdf2
  },
  /** Somebody else's function, which blocks after an await of its own. */
  async helper() {
    return await rankAfterLookup();
  },
  async regex() {
    await sleep(1);
    const input = `${'a'.repeat(24)}!`;
    return EVIL.test(input) || EVIL.test(input); // blocks regex
  },
  async child() {
    const command = `"${process.execPath}" -e "setTimeout(() => {}, 300)"`;
    return execSync(command, { env: {} }).length; // blocks child
  },
  async json() {
    await sleep(1);
    const items = JSON.parse(document); // blocks json
    return items.length;
  },
  async file() {
    let length = 0;
    for (let i = 0; i < 3; i++) length += readFileSync(largeFile, 'latin1').length; // blocks file
    return length;
  },
  /** The tool waits for a timer whose callback does the work. */
  async timer() {
    return await new Promise((resolve) => {
      setTimeout(() => resolve(countPrimesBelow(900_000)), 5);
    });
  },
  /** Answers at once; the work comes later. */
  async late() {
    setTimeout(() => countPrimesBelow(900_000), 20);
    return 'accepted';
  },
};
