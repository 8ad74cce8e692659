import type { Frame, MemoryReading, MemoryWatchEvidence } from '../../src/evidence/index.ts';
import { CWD } from './frames.ts';

interface Rises {
  /** Bytes that there are more at the end of the watch; default none. */
  readonly heap?: number;
  readonly external?: number;
  readonly native?: number;
  /** From this share of the watch on it stays as it is: a cache that has filled. */
  readonly until?: number;
  /** How far readings scatter, up and down in turn. */
  readonly scatter?: number;
}

const OBSERVED_MS = 60_000;

/** A watch of a minute with so many full collections, told in sentences. */
export class MemoryWatchBuilder {
  readonly #collections: number;
  #rises: Rises = {};
  #calls = 1200;
  readonly #sites: { at: Frame; births: readonly number[]; bytes: number }[] = [];

  constructor(collections: number) {
    this.#collections = collections;
  }

  rises(how: Rises): this {
    this.#rises = how;
    return this;
  }

  calls(count: number): this {
    this.#calls = count;
    return this;
  }

  /** A function of which so many samples live, by part of the watch. */
  keeps(name: string, at: string, births: readonly number[], bytes: number): this {
    const [file = '', line = '1'] = at.split(':');
    this.#sites.push({
      at: { function: name, file: `${CWD}/${file}`, line: Number(line), column: 1 },
      births,
      bytes,
    });
    return this;
  }

  watch(): MemoryWatchEvidence {
    const readings = Array.from({ length: this.#collections }, (_, i) =>
      this.#reading(i, this.#collections - 1),
    );
    return {
      observedMs: OBSERVED_MS,
      calls: this.#calls === 0 ? [] : [{ name: 'order', calls: this.#calls }],
      readings,
      forced: false,
      sampling: {
        intervalBytes: 65_536,
        fromMs: 2000,
        samples: 4000,
        pauseMs: 60,
        alive: {
          bytes: this.#sites.reduce((sum, { bytes }) => sum + bytes, 0),
          samples: this.#sites.reduce((sum, { births }) => sum + births.reduce((a, b) => a + b, 0), 0),
        },
        sites: this.#sites.map(({ at, births, bytes }) => ({
          stack: [{ function: 'from', file: '', line: 0, column: 0 }, at],
          bytes,
          samples: births.reduce((sum, count) => sum + count, 0),
          births,
        })),
      },
      limits: { heapBytes: 2 ** 31, memoryBytes: 2 ** 32 },
      pauses: [],
      notCovered: [],
    };
  }

  #reading(i: number, last: number): MemoryReading {
    const { heap = 0, external = 0, native = 0, until = 1, scatter = 50_000 } = this.#rises;
    const share = Math.min(1, i / Math.max(1, last) / until);
    const heapUsedBytes = 20e6 + heap * share + (i % 2 === 0 ? scatter : -scatter);
    const externalBytes = 3e6 + external * share;
    return {
      atMs: 1000 + (i / Math.max(1, last)) * (OBSERVED_MS - 2000),
      when: 'collected',
      heapUsedBytes,
      heapTotalBytes: 40e6 + heap * share,
      externalBytes,
      arrayBuffersBytes: externalBytes,
      rssBytes: 40e6 + heap * share + externalBytes + 30e6 + native * share,
      calls: Math.round((this.#calls * i) / Math.max(1, last)),
    };
  }
}

export function memoryWatch(collections = 16): MemoryWatchBuilder {
  return new MemoryWatchBuilder(collections);
}
