import { describe, expect, it } from 'vitest';
import type { ProbeOutcome } from '../../../src/evidence/index.ts';
import { judgeByQuorum, standingOf, type ServerMemory } from '../../../src/watch/alerts/quorum.ts';
import type { WatchedServer } from '../../../src/watch/config/config.ts';
import type { Standing } from '../../../src/watch/store/history.ts';
import { watched } from '../engine/forms.ts';
import { outcome } from '../engine/history-behaviour.ts';

const SERVER = watched('it', undefined, { failures: 2, recoveries: 1, latencyBudgetMs: 100 });
const DOWN: Partial<ProbeOutcome> = { status: 'down', failedPhase: 'connect', sentence: 'Nobody answers.' };

/** A server that regions look at in turn. */
class Story {
  readonly #quorum: number | null;
  readonly #server: WatchedServer;
  #alive: ReadonlySet<string>;
  #memory: ServerMemory | undefined = undefined;
  #looks = 0;

  /** Looks are a second apart, which is long for an interval that is not given. */
  constructor(
    alive: readonly string[],
    quorum: number | null = null,
    intervalMs: number = SERVER.intervalMs,
  ) {
    this.#alive = new Set(alive);
    this.#quorum = quorum;
    this.#server = { ...SERVER, intervalMs };
  }

  only(...alive: readonly string[]): void {
    this.#alive = new Set(alive);
  }

  /** What turns with a look from there. */
  sees(region: string, change: Partial<ProbeOutcome> = {}): readonly string[] {
    this.#looks += 1;
    const startedAt = new Date(Date.parse('2026-11-22T12:00:00Z') + 1000 * this.#looks).toISOString();
    const judged = judgeByQuorum(
      this.#memory,
      { server: this.#server, region, slotMs: this.#looks, outcome: outcome({ startedAt, ...change }) },
      this.#voters(),
      { digest: 'a', count: 0, pages: 1, bytes: 0, tools: [] },
    );
    this.#memory = judged.memory;
    return judged.turns.map(({ kind, turn, sentence }) => `${kind} ${turn}: ${sentence}`);
  }

  /** From each region in turn, so many times. */
  all(regions: readonly string[], times: number, change: Partial<ProbeOutcome> = {}): readonly string[] {
    return Array.from({ length: times }, () => regions.flatMap((region) => this.sees(region, change))).flat();
  }

  get standing(): Standing | null {
    return this.#memory === undefined ? null : standingOf(this.#memory, this.#voters());
  }

  #voters(): { readonly alive: ReadonlySet<string>; readonly quorum: number | null } {
    return { alive: this.#alive, quorum: this.#quorum };
  }
}

describe('a quorum of regions', () => {
  it('is more than half of those alive: one that cannot see the server is shown and not believed', () => {
    const story = new Story(['eu', 'us', 'ap']);
    expect([...story.all(['eu', 'us'], 3), ...story.all(['ap'], 9, DOWN)]).toEqual([]);
    expect(story.standing).toMatchObject({ isDown: false, quorum: 2, last: { status: 'up' } });
    expect(story.standing?.regions.map(({ region, isDown }) => [region, isDown])).toEqual([
      ['ap', true],
      ['eu', false],
      ['us', false],
    ]);
  });

  it('says once that the server is down, by how many, and once that it is not, when fewer are left', () => {
    const story = new Story(['eu', 'us', 'ap']);
    story.all(['eu', 'us', 'ap'], 1);
    expect(story.all(['eu', 'us', 'ap'], 4, DOWN)).toEqual([
      'down begins: 2 of 3 regions (eu, us): Nobody answers.',
    ]);
    expect(story.standing).toMatchObject({ isDown: true, last: { status: 'down' } });
    expect(story.all(['eu', 'us'], 2)).toEqual(['down ends: 1 of 3 regions left: All is well.']);
  });

  it('may be as large as configured, but never larger than the number of those alive', () => {
    const story = new Story(['eu', 'us', 'ap'], 3);
    expect(story.all(['eu', 'us'], 5, DOWN)).toEqual([]);
    story.only('eu', 'us');
    expect(story.sees('us', DOWN)).toEqual(['down begins: 2 of 2 regions (eu, us): Nobody answers.']);
    expect(new Story(['eu', 'us', 'ap'], 1).all(['ap'], 2, DOWN)).toHaveLength(1);
  });

  it('does without a region that has died, whatever it said last', () => {
    const story = new Story(['eu', 'us', 'ap', 'sa']);
    story.all(['eu', 'sa'], 1);
    expect(story.all(['us', 'ap'], 2, DOWN)).toEqual([]);
    story.only('us', 'ap');
    expect(story.sees('us', DOWN)).toEqual(['down begins: 2 of 2 regions (ap, us): Nobody answers.']);
    story.only('eu', 'sa');
    expect(story.sees('eu')).toEqual(['down ends: 0 of 2 regions left: All is well.']);
  });

  it('does not take the silence of a region for good news: half of those left who say so are enough', () => {
    const story = new Story(['eu', 'us', 'ap']);
    story.all(['eu'], 1);
    expect(story.all(['us', 'ap'], 2, DOWN)).toHaveLength(1);
    story.only('eu', 'us');
    expect([...story.all(['eu'], 3), ...story.sees('us', DOWN)]).toEqual([]);
    expect(story.standing).toMatchObject({ isDown: true, last: { status: 'down' } });
    // Back again, it is no news either.
    story.only('eu', 'us', 'ap');
    expect(story.sees('ap', DOWN)).toEqual([]);
    expect(story.sees('us')).toEqual(['down ends: 1 of 3 regions left: All is well.']);
  });

  it('leaves a region its vote for two intervals after its last look: one that is started anew changes nothing', () => {
    const story = new Story(['eu', 'us', 'ap'], null, 4000);
    story.all(['eu', 'us'], 1);
    expect(story.all(['ap'], 2, DOWN)).toEqual([]);
    // The majority is silent; alone, ap would be one.
    story.only('ap');
    expect(story.all(['ap'], 6, DOWN)).toEqual([]);
    expect(story.sees('ap', DOWN)).toEqual(['down begins: Nobody answers.']);
  });

  it('tells why in the words of one that says so, when the look that tips the scale is a good one', () => {
    const story = new Story(['a', 'b', 'c', 'd']);
    story.all(['c', 'd'], 1);
    expect(story.all(['a', 'b'], 2, DOWN)).toEqual([]);
    story.only('a', 'b', 'c');
    expect(story.sees('c')).toEqual(['down begins: 2 of 3 regions (a, b): Nobody answers.']);
  });

  it('agrees on slowness too, and on a tool list before it is told; a certificate needs one witness', () => {
    const story = new Story(['eu', 'us', 'ap']);
    expect(story.all(['ap'], 5, { durationMs: 500 })).toEqual([]);
    expect(story.all(['eu'], 2, { durationMs: 500 })).toEqual([
      'slow begins: 2 of 3 regions (ap, eu): A look took 500 ms; the budget is 100 ms.',
    ]);
    const tools = (digest: string): ProbeOutcome['tools'] => ({
      digest,
      count: 1,
      pages: 1,
      bytes: 9,
      tools: [{ name: digest, description: '', schema: '{}', rest: '{}' }],
    });
    story.all(['eu', 'us', 'ap'], 1, { tools: tools('a') });
    // A deployment under way: each region may see another version for a while.
    expect(story.sees('eu', { tools: tools('b') })).toEqual([]);
    expect(story.sees('us', { tools: tools('a') })).toEqual([]);
    expect(story.sees('ap', { tools: tools('b') })).toEqual([
      'tools-changed told: The tool list has changed: b (added).',
    ]);
    const validTo = '2026-11-25T12:00:00.000Z';
    const chain = [{ subject: 'it', issuer: 'CA', validFrom: '2026-08-25T12:00:00.000Z', validTo }];
    const certificate = { validTo, names: [], fingerprint256: 'f', chain };
    expect(story.sees('us', { certificate })).toHaveLength(1);
    expect(story.sees('eu', { certificate })).toEqual([]);
  });
});
