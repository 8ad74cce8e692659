import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { ProbeOutcome } from '../evidence/index.ts';
import { Outbox } from './alerts/outbox.ts';
import type { WatchConfig, WatchedServer } from './config/config.ts';
import type { Beat, Engine, TakenOnce } from './engine/engine.ts';
import { openEngine } from './engine/open.ts';
import { HealthOffers } from './probe/inside.ts';
import { probe } from './probe/probe.ts';
import type { History, KeptLook, Standing, TakenLook } from './store/history.ts';
import { openGap, type Missed } from './store/missed.ts';
import { Writer } from './store/writer.ts';

const OUTBOX_MS = 1000;
const PRUNE_MS = 3_600_000;
/** Looks under way may take so long to end when the watcher does. */
const GRACE_MS = 1000;
/** Of the lateness of looks, the last this many are kept. */
const LATENESS_KEPT = 10_000;

/** What is told to whoever shows it, as it happens. */
export interface Seen {
  readonly server: WatchedServer;
  readonly outcome: ProbeOutcome;
  readonly standing: Standing;
}

/** Looks at every server on schedule, keeps what it saw, and tells when something turns. */
export class Watcher {
  readonly config: WatchConfig;
  readonly history: History;
  readonly #engine: Engine;
  readonly #beat: Beat;
  readonly #writer: Writer;
  readonly #eras: Map<string, ProbeOutcome['era']> = new Map();
  readonly #healthOffers: HealthOffers = new HealthOffers();
  readonly #outbox: Outbox;
  readonly #complain: (sentence: string) => void;
  readonly #interrupt: AbortController = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #listeners: Set<(seen: Seen) => void> = new Set();
  readonly #latenessMs: number[] = [];
  #alertsWait = false;
  #looks = 0;

  /** Rejects with UsageError when what the configuration asks for cannot be had. */
  static async open(config: WatchConfig, complain: (sentence: string) => void): Promise<Watcher> {
    const engine = await openEngine(config, complain);
    const watcher = new Watcher(config, engine, complain);
    for (const [name, { regions }] of await engine.history.standings())
      watcher.#eras.set(name, regions.find(({ region }) => region === engine.region)?.last.era ?? null);
    return watcher;
  }

  private constructor(config: WatchConfig, engine: Engine, complain: (sentence: string) => void) {
    this.config = config;
    this.history = engine.history;
    this.#engine = engine;
    this.#complain = complain;
    // Every look under way listens for the end.
    setMaxListeners(0, this.#interrupt.signal);
    this.#writer = new Writer(engine.history, {
      onKept: (look, kept) => this.#tell(look, kept),
      isPassing: (error) => engine.isPassing(error),
      complain,
      gatherMs: engine.gatherMs,
    });
    this.#outbox = new Outbox(engine.history, config.channels, complain);
    this.#beat = engine.beat({
      look: (server, slotMs) =>
        this.#look(server, slotMs).catch((error: unknown) => {
          complain(`${server.name}: ${said(error)}`);
          const { region } = engine;
          this.#writer.note({
            server: server.name,
            region,
            fromMs: slotMs,
            toMs: slotMs,
            reason: 'not-kept',
          });
          return { kept: Promise.resolve() };
        }),
      onStart: (latenessMs) => {
        this.#latenessMs.push(latenessMs);
        if (this.#latenessMs.length > 2 * LATENESS_KEPT) this.#latenessMs.splice(0, LATENESS_KEPT);
      },
      onMissed: (note) => this.#writer.note(note),
    });
  }

  async start(): Promise<void> {
    await this.#beat.start();
    const names = this.config.servers.map(({ name }) => name);
    await this.history.begin(names, Date.now()).catch((error: unknown) => this.#complain(said(error)));
    this.#timers.push(
      setInterval(() => void this.#flush(), OUTBOX_MS),
      setInterval(() => void this.#prune(), PRUNE_MS),
    );
  }

  /** Ends what is under way, writes what was seen, closes the history. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    // A look cut off just while a session is opened would leave it behind: most end by themselves in a moment.
    const ended = this.#beat.stop();
    const leftMs = Date.now();
    await Promise.race([ended, setTimeout(GRACE_MS, undefined, { ref: false })]);
    this.#interrupt.abort(new Error('the watcher was stopped'));
    await ended;
    await this.#writer.close();
    await this.history.leave(leftMs);
    await this.#flush();
    await this.#engine.close();
  }

  /** How one server stands; null before the first look. */
  async standing(name: string): Promise<Standing | null> {
    return (await this.history.standings([name])).get(name) ?? null;
  }
  /** Looks that this process has taken. */
  get looks(): number {
    return this.#looks;
  }
  /** What was due from a time on and has no look, by server, as the whole watcher knows it. */
  async missed(
    sinceMs: number,
    standings: ReadonlyMap<string, Standing>,
    servers?: readonly WatchedServer[],
  ): Promise<ReadonlyMap<string, Missed>> {
    const names = servers?.map(({ name }) => name);
    const nowMs = Date.now();
    const open = (servers ?? this.config.servers).flatMap((server) =>
      (standings.get(server.name)?.regions ?? []).flatMap(({ region, isAlive, slotMs }) =>
        // Where nobody looks any more it may be meant so; should anybody come back, it is told then.
        isAlive && slotMs !== null ? (openGap(server, region, slotMs, nowMs) ?? []) : [],
      ),
    );
    return this.history.missed(sinceMs, nowMs, open, names);
  }
  /** How late the last looks began, in milliseconds, unsorted. */
  get latenessMs(): readonly number[] {
    return this.#latenessMs.slice(-LATENESS_KEPT);
  }

  /** Calls the listener for every look; returns how to end that. */
  listen(listener: (seen: Seen) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listener when a server was looked at, by this process or another; returns how to end that. */
  follow(listener: (server: WatchedServer) => void): () => void {
    const servers = new Map(this.config.servers.map((server) => [server.name, server]));
    const unlisten = this.listen(({ server }) => listener(server));
    const unfollow = this.#engine.follow((name) => {
      const server = servers.get(name);
      if (server !== undefined) listener(server);
    });
    return () => {
      unlisten();
      unfollow();
    };
  }

  /** Null when the watcher was stopped in the middle. */
  async #look(server: WatchedServer, slotMs: number): Promise<TakenOnce | null> {
    const { signal } = this.#interrupt;
    let outcome: ProbeOutcome;
    try {
      outcome = await probe(
        server.target,
        {
          timeoutMs: server.timeoutMs,
          era: this.#eras.get(server.name) ?? null,
          call: server.call,
          inside: this.#healthOffers.request(server.name, server.inside, Date.now()),
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
    this.#looks += 1;
    this.#healthOffers.learn(server.name, outcome.inside, Date.now());
    this.#eras.set(server.name, outcome.era ?? this.#eras.get(server.name) ?? null);
    const kept = this.#writer
      .keep({ server, region: this.#engine.region, slotMs, outcome })
      .catch((error: unknown) => this.#complain(`${server.name}: ${said(error)}`));
    return { kept };
  }

  #tell({ server, outcome }: TakenLook, { standing, turns }: KeptLook): void {
    if (turns.length > 0) void this.#flush();
    for (const listener of this.#listeners) listener({ server, outcome, standing });
  }

  async #flush(): Promise<void> {
    try {
      await this.#outbox.flush();
      this.#alertsWait = false;
    } catch (error) {
      // It is tried each second, and said once.
      if (!this.#alertsWait) this.#complain(`alerts wait: ${said(error)}`);
      this.#alertsWait = true;
    }
  }

  async #prune(): Promise<void> {
    await this.history
      .prune(Date.now(), this.config.retentionDays)
      .catch((error: unknown) => this.#complain(`what is old was not forgotten: ${said(error)}`));
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
