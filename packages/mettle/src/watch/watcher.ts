import { setMaxListeners } from 'node:events';
import type { ProbeOutcome, ToolChange, ToolListing } from '../evidence/index.ts';
import { FIRST_STATE, judge, type Turn } from './alerts/hysteresis.ts';
import { Outbox } from './alerts/outbox.ts';
import type { WatchConfig, WatchedServer } from './config/config.ts';
import { probe } from './probe/probe.ts';
import { compareListings } from './probe/tool-listing.ts';
import { Schedule } from './schedule/schedule.ts';
import type { ServerState } from './store/rows.ts';
import { Store } from './store/store.ts';

const OUTBOX_MS = 1000;
const PRUNE_MS = 3_600_000;
/** Of the lateness of looks, the last this many are kept. */
const LATENESS_KEPT = 10_000;

/** What is told to whoever shows it, as it happens. */
export interface Seen {
  readonly server: WatchedServer;
  readonly outcome: ProbeOutcome;
  readonly state: ServerState;
}

/** Looks at every server on schedule, keeps what it saw, and tells when something turns. */
export class Watcher {
  readonly config: WatchConfig;
  readonly store: Store;
  readonly #states: Map<string, ServerState> = new Map();
  readonly #last: Map<string, ProbeOutcome> = new Map();
  readonly #schedule: Schedule<WatchedServer>;
  readonly #outbox: Outbox;
  readonly #interrupt: AbortController = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #listeners: Set<(seen: Seen) => void> = new Set();
  readonly #latenessMs: number[] = [];
  #unwritten: (() => void)[] = [];
  #looks = 0;

  constructor(config: WatchConfig, complain: (sentence: string) => void) {
    this.config = config;
    this.store = new Store(config.store);
    // Every look under way listens for the end.
    setMaxListeners(0, this.#interrupt.signal);
    this.#outbox = new Outbox(this.store, config.channels, complain);
    for (const { name } of config.servers) this.#states.set(name, this.store.state(name) ?? FIRST_STATE);
    this.#schedule = new Schedule(config.servers, {
      concurrency: config.concurrency,
      jitter: config.jitter,
      random: Math.random,
      look: (server) =>
        this.#look(server).catch((error: unknown) =>
          complain(`${server.name}: ${error instanceof Error ? error.message : String(error)}`),
        ),
      onStart: (_server, latenessMs) => {
        this.#latenessMs.push(latenessMs);
        if (this.#latenessMs.length > 2 * LATENESS_KEPT) this.#latenessMs.splice(0, LATENESS_KEPT);
      },
    });
  }

  start(): void {
    this.#schedule.start();
    this.#timers.push(
      setInterval(() => void this.#outbox.flush(), OUTBOX_MS),
      setInterval(() => this.store.prune(Date.now(), this.config.retentionDays), PRUNE_MS),
    );
  }

  /** Ends what is under way, writes what was seen, closes the store. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#interrupt.abort(new Error('the watcher was stopped'));
    await this.#schedule.stop();
    this.#write();
    await this.#outbox.flush();
    this.store.close();
  }

  state(name: string): ServerState {
    return this.#states.get(name) ?? FIRST_STATE;
  }
  last(name: string): ProbeOutcome | null {
    return this.#last.get(name) ?? null;
  }
  get looks(): number {
    return this.#looks;
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

  async #look(server: WatchedServer): Promise<void> {
    const before = this.state(server.name);
    const { signal } = this.#interrupt;
    let outcome: ProbeOutcome;
    try {
      outcome = await probe(
        server.target,
        { timeoutMs: server.timeoutMs, era: before.era, call: server.call },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    this.#looks += 1;
    const changes = this.#changesOf(server.name, before, outcome);
    const { state, turns } = judge(before, outcome, server, changes);
    this.#states.set(server.name, state);
    // The texts of the tools are in the store; here the digest will do.
    const light = outcome.tools === null ? outcome : { ...outcome, tools: { ...outcome.tools, tools: [] } };
    this.#last.set(server.name, light);
    // Those that end in one turn of the event loop share a transaction; none waits longer.
    if (this.#unwritten.length === 0) setImmediate(() => this.#write());
    this.#unwritten.push(() =>
      this.#keep(server.name, light, state, { before, changes, turns, tools: outcome.tools }),
    );
    if (turns.length > 0) setImmediate(() => void this.#outbox.flush());
    for (const listener of this.#listeners) listener({ server, outcome: light, state });
  }

  #changesOf(name: string, { digest }: ServerState, { tools }: ProbeOutcome): readonly ToolChange[] | null {
    if (tools === null || digest === null || digest === tools.digest) return null;
    this.#write();
    const kept = this.store.toolList(name);
    return kept === null ? null : compareListings(JSON.parse(kept) as ToolListing, tools);
  }

  #keep(
    name: string,
    outcome: ProbeOutcome,
    state: ServerState,
    {
      before,
      changes,
      turns,
      tools,
    }: {
      readonly before: ServerState;
      readonly changes: readonly ToolChange[] | null;
      readonly turns: readonly Turn[];
      readonly tools: ToolListing | null;
    },
  ): void {
    const atMs = Date.parse(outcome.startedAt);
    this.store.addLook(outcome);
    this.store.saveState(name, state);
    if (tools !== null && tools.digest !== before.digest)
      this.store.saveToolList(name, JSON.stringify(tools));
    if (changes !== null && changes.length > 0) this.store.addToolChanges(name, atMs, changes);
    for (const turn of turns) this.#turn(name, atMs, turn);
  }

  #turn(server: string, atMs: number, { kind, turn, sentence }: Turn): void {
    const open = turn === 'ends' ? this.store.openIncident(server, kind) : null;
    const id = open?.id ?? this.store.beginIncident(server, kind, atMs, sentence);
    if (turn !== 'begins') this.store.endIncident(server, kind, atMs);
    this.#outbox.add({
      incident: `mettle-${String(id)}-${kind}`,
      kind,
      state: turn === 'ends' ? 'resolved' : 'triggered',
      server,
      at: new Date(atMs).toISOString(),
      sentence,
    });
  }

  #write(): void {
    const writes = this.#unwritten;
    if (writes.length === 0) return;
    this.#unwritten = [];
    this.store.together(() => {
      for (const write of writes) write();
    });
  }
}
