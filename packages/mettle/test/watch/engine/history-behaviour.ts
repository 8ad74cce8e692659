import { expect, it, onTestFinished } from 'vitest';
import type { ProbeOutcome, ToolListing } from '../../../src/evidence/index.ts';
import type { WatchedServer } from '../../../src/watch/config/config.ts';
import { openEngine } from '../../../src/watch/engine/open.ts';
import type { Engine } from '../../../src/watch/engine/engine.ts';
import type { TakenLook } from '../../../src/watch/store/history.ts';
import { configOf, watched, type Ground } from './forms.ts';

const CHANNEL = { kind: 'webhook' as const, url: 'http://127.0.0.1:1/', headers: {} };
const NOON = Date.parse('2026-11-22T12:00:00.000Z');

export function outcome(change: Partial<ProbeOutcome> = {}): ProbeOutcome {
  return {
    target: 'it',
    startedAt: new Date(NOON).toISOString(),
    durationMs: 50,
    status: 'up',
    phases: [{ phase: 'connect', durationMs: 1.26 }],
    failedPhase: null,
    sentence: 'All is well.',
    era: '2025',
    protocolVersion: '2025-11-25',
    server: null,
    httpStatus: 200,
    tools: null,
    listMs: [],
    call: null,
    certificate: null,
    authorisation: null,
    inside: null,
    sessionEnd: 'ended',
    stderrTail: ['what a program said'],
    ...change,
  };
}

function listing(digest: string, description: string): ToolListing {
  return {
    digest,
    count: 1,
    pages: 1,
    bytes: 100,
    tools: [{ name: 'add', description, schema: '{}', rest: '{}' }],
  };
}

/** Looks a minute apart. */
class Looks {
  readonly #engine: Engine;
  readonly #server: WatchedServer;
  #slot = 0;

  constructor(engine: Engine, server: WatchedServer) {
    this.#engine = engine;
    this.#server = server;
  }

  next(change: Partial<ProbeOutcome> = {}): TakenLook {
    const slotMs = NOON + 60_000 * (this.#slot += 1);
    const startedAt = new Date(slotMs).toISOString();
    return {
      server: this.#server,
      region: this.#engine.region,
      slotMs,
      outcome: outcome({ target: this.#server.name, startedAt, ...change }),
    };
  }

  fails(): TakenLook {
    return this.next({ status: 'down', failedPhase: 'connect', sentence: 'Nobody\0 answers.' });
  }
}

/** What every history does, whatever it is kept in. */
export function historyTests(ground: Ground): void {
  async function opened(on?: Awaited<ReturnType<Ground>>): Promise<{ engine: Engine; looks: Looks }> {
    const server = watched('it', undefined, { intervalMs: 60_000 });
    const engine = await openEngine(
      configOf(on ?? (await ground()), [server], { channels: [CHANNEL, CHANNEL] }),
      () => undefined,
    );
    onTestFinished(() => engine.close());
    return { engine, looks: new Looks(engine, server) };
  }

  it('keeps a look, its hour, and how the server stands by it', async () => {
    const { engine, looks } = await opened();
    const { history, region } = engine;
    expect(await history.standings()).toEqual(new Map());
    await history.record([looks.next(), looks.next({ durationMs: 150 }), looks.fails()]);
    expect(await history.looks('it', 0, 2)).toEqual([
      expect.objectContaining({ region, status: 'down', failedPhase: 'connect' }),
      expect.objectContaining({ region, status: 'up', phases: { connect: 1.3 }, sentence: '', inside: null }),
    ]);
    expect((await history.hours(0)).get('it')).toEqual([
      { hourMs: NOON, looks: 3, up: 2, meanMs: 250 / 3, maxMs: 150 },
    ]);
    expect(await history.hours(NOON + 1, ['it'])).toEqual(new Map());
    const standing = (await history.standings(['it', 'unknown'])).get('it');
    expect(standing).toMatchObject({ isDown: false, quorum: 1, last: { status: 'down', stderrTail: [] } });
    expect(standing?.regions).toMatchObject([{ region, isAlive: true, isDown: false }]);
  });

  it('keeps the look of a slot once, however often it is given', async () => {
    const { engine, looks } = await opened();
    const look = looks.next();
    const [first, second] = await engine.history.record([look, look]);
    const [third] = await engine.history.record([look]);
    expect([first === null, second, third]).toEqual([false, null, null]);
    expect((await engine.history.hours(0)).get('it')).toMatchObject([{ looks: 1 }]);
    expect(await engine.history.looks('it', 0, 9)).toHaveLength(1);
  });

  it('begins and ends an incident, with one alert of each for each channel, in that order', async () => {
    const { engine, looks } = await opened();
    const { history } = engine;
    await history.record([looks.next(), looks.fails()]);
    expect(await history.incidents(9)).toEqual([]);
    const [kept] = await history.record([looks.fails()]);
    expect(kept?.turns).toEqual([{ kind: 'down', turn: 'begins', sentence: expect.any(String) as string }]);
    expect(kept?.standing).toMatchObject({ isDown: true, downSinceMs: NOON + 180_000 });
    await history.record([looks.fails(), looks.next(), looks.next()]);
    expect(await history.incidents(9, 'it')).toMatchObject([
      { kind: 'down', startedAtMs: NOON + 180_000, endedAtMs: NOON + 300_000 },
    ]);
    const told = await history.claimAlerts(Date.now() + 1000, 9);
    expect(told.map(({ channel, alert }) => [channel, alert.state])).toEqual([
      [0, 'triggered'],
      [1, 'triggered'],
    ]);
    // Nobody else gets what has been claimed, nor the end before the beginning was accepted.
    expect(await history.claimAlerts(Date.now() + 1000, 9)).toEqual([]);
    const [here, there] = told;
    await history.alertAccepted(here?.id ?? 0, Date.now());
    await history.alertRefused(there?.id ?? 0, Date.now() + 60_000);
    const rest = await history.claimAlerts(Date.now() + 1000, 9);
    expect(rest.map(({ channel, alert }) => [channel, alert.state])).toEqual([[0, 'resolved']]);
    expect(rest[0]?.alert.incident).toBe(here?.alert.incident);
    const later = await history.claimAlerts(Date.now() + 61_000, 9);
    expect(later.map(({ channel, alert, attempts }) => [channel, alert.state, attempts])).toEqual([
      [1, 'triggered', 1],
    ]);
  });

  it('tells what changed between two tool lists, with an incident that is over at once', async () => {
    const { engine, looks } = await opened();
    const { history } = engine;
    await history.record([
      looks.next({ tools: listing('a', 'Adds') }),
      looks.next(),
      looks.next({ tools: listing('a', 'Adds') }),
      looks.next({ tools: listing('b', 'Adds, and more') }),
    ]);
    expect(await history.toolChanges('it', 9)).toEqual([
      {
        atMs: NOON + 240_000,
        changes: [{ tool: 'add', kind: 'description', before: 'Adds', after: 'Adds, and more' }],
      },
    ]);
    expect(await history.incidents(9)).toMatchObject([
      {
        kind: 'tools-changed',
        endedAtMs: NOON + 240_000,
        sentence: 'The tool list has changed: add (description).',
      },
    ]);
  });

  it('goes on where it was when it is opened again', async () => {
    const on = await ground();
    const first = await opened(on);
    await first.engine.history.record([
      first.looks.next({ tools: listing('a', 'Adds') }),
      first.looks.fails(),
    ]);
    await first.engine.history.claimAlerts(Date.now(), 9);
    const second = await opened(on);
    const [kept] = await second.engine.history.record([
      { ...first.looks.fails(), region: second.engine.region },
    ]);
    expect(kept?.turns).toMatchObject([{ kind: 'down', turn: 'begins' }]);
    await second.engine.history.record([first.looks.next({ tools: listing('b', 'Takes') })]);
    expect(await second.engine.history.toolChanges('it', 9)).toHaveLength(1);
  });

  it('forgets what is older than it is kept, and nothing else', async () => {
    const { engine, looks } = await opened();
    const { history } = engine;
    await history.record([looks.fails(), looks.fails(), looks.next({ tools: listing('a', 'Adds') })]);
    await history.prune(NOON + 86_400_000, 30);
    expect(await history.looks('it', 0, 9)).toHaveLength(3);
    await history.prune(NOON + 3 * 86_400_000, 30);
    expect(await history.looks('it', 0, 9)).toEqual([]);
    expect((await history.hours(0)).get('it')).toHaveLength(1);
    await history.prune(NOON + 31 * 86_400_000, 30);
    expect([await history.incidents(9), [...(await history.hours(0))]]).toEqual([[], []]);
    expect((await history.standings(['it'])).get('it')?.last?.status).toBe('up');
  });
  it('counts each slot that was due: kept, however late, or missed for the reason that was noted', async () => {
    const { engine, looks } = await opened();
    const { history, region } = engine;
    const minutes = [1, 2, 3, 4, 5, 6].map(() => looks.next());
    const [one, , three, four, , six] = minutes;
    if (one === undefined || three === undefined || four === undefined || six === undefined) return;
    const missed = async (): Promise<unknown> =>
      (await history.missed(0, NOON + 3_600_000, [], ['it'])).get('it') ?? 'nothing';
    await history.record([one]);
    expect(await missed()).toBe('nothing');
    await history.record([four, six]);
    expect(await missed()).toEqual({ slots: 3, reasons: { absent: 3 }, hours: [{ hourMs: NOON, slots: 3 }] });
    await history.record([three]);
    await history.note([
      { server: 'it', region, fromMs: one.slotMs, toMs: four.slotMs, reason: 'overload' },
      { server: null, region: 'elsewhere', fromMs: 0, toMs: six.slotMs, reason: 'redis-away' },
    ]);
    expect(await missed()).toMatchObject({ slots: 2, reasons: { overload: 1, absent: 1 } });
    // Twice the same look fills nothing, and opens nothing.
    await history.record([six, three]);
    expect(await missed()).toMatchObject({ slots: 2 });
    expect(await history.missed(six.slotMs, NOON + 3_600_000, [])).toEqual(new Map());
    await history.prune(NOON + 3 * 86_400_000, 30);
    expect(await missed()).toBe('nothing');
  });

  it('tells a slot that nobody was there for from one whose process was killed', async () => {
    const { engine, looks } = await opened();
    const { history } = engine;
    const first = looks.next();
    await history.record([first]);
    // There from the second minute on, and not heard of again.
    await history.begin(['it'], first.slotMs + 60_000);
    for (let minute = 3; minute < 6; minute += 1) looks.next();
    await history.record([looks.next()]);
    const missed = await history.missed(0, NOON + 3_600_000, []);
    expect(missed.get('it')?.reasons).toEqual({ absent: 2, 'cut-short': 1 });
  });

  it('counts nothing as due while a server was not watched', async () => {
    const on = await ground();
    const { engine, looks } = await opened(on);
    const { history } = engine;
    await history.begin(['it'], NOON);
    await history.record([looks.next()]);
    await history.begin(['another'], NOON + 61_000);
    await history.begin(['it'], NOON + 300_000);
    for (let minute = 2; minute < 7; minute += 1) looks.next();
    await history.record([looks.next()]);
    expect(await history.missed(0, NOON + 3_600_000, [])).toEqual(new Map());
    for (let minute = 8; minute < 10; minute += 1) looks.next();
    await history.record([looks.next()]);
    expect((await history.missed(0, NOON + 3_600_000, [])).get('it')?.slots).toBe(2);
  });
}
