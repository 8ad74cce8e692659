import { CONTAINMENT_VARIABLE } from '../../agent/control-protocol.ts';
import type { ScriptsAnswer, WantedScripts } from '../../agent/protocol.ts';
import type { ServingAgent } from '../../collect/index.ts';
import type { Era, RaceReset, TargetSpec, Trial } from '../../evidence/index.ts';
import { UsageError } from '../../evidence/index.ts';
import { factoryTrialCommand, reimportTrialCommand, TargetError, type Session } from '../../session/index.ts';
import type { TrialRequest } from '../trial-runner.ts';
import { createMask, type Mask } from './masks.ts';
import { linkPackages } from './linked-packages.ts';
import { asNodeCommand, dataNamedBy, fillIn, placeTarget } from './placed-target.ts';
import { RacedProcess } from './raced-process.ts';
import { runTrial } from './run-trial.ts';
import { WorkingCopy, type RaceState } from './working-copy.ts';

/** A host that has imported a server so many times is replaced: modules of old generations are never freed. */
const MAX_GENERATIONS = 200;
/** Importing takes a second or two on a busy machine; what does not serve then does not serve when imported anew. */
const ANEW_MS = 10_000;
/** Nor are their worker threads, some ten MiB each, ever ended. */
const MAX_THREADS = 32;
export interface TrialsOptions {
  /** As the user gave it. */
  readonly target: TargetSpec;
  readonly state: RaceState | null;
  /** What is answered when the server asks its client. */
  readonly replies: Readonly<Record<string, unknown>>;
  /** Two: replicas of a stdio server on one working copy, each a connection of its own. */
  readonly processes: number;
  /** Sessions over HTTP; on stdio each process is one connection. */
  readonly connections: number;
  readonly signal?: AbortSignal;
}

/** A server in a working copy, about to be raced. */
export class Trials {
  readonly copy: WorkingCopy;
  readonly connections: number;
  readonly #options: TrialsOptions;
  readonly #placed: TargetSpec;
  readonly #startedAtMs = Date.now();
  #era: Era | null = null;
  #processes: readonly RacedProcess[] = [];
  #running: RaceReset = 'files';
  #generations = 0;
  #threads = 0;
  /** Whether a trial was run in the processes that run. */
  #used = false;
  readonly #burials = new Set<Promise<void>>();

  private constructor(options: TrialsOptions, copy: WorkingCopy) {
    this.#options = options;
    this.copy = copy;
    this.#placed = placeTarget(options.target, copy);
    const http = options.target.kind === 'http';
    if (http && options.processes > 1)
      throw new UsageError(
        'Two processes are raced over stdio only: two servers on HTTP would need two addresses.',
      );
    this.connections = http ? options.connections : options.processes;
  }

  /** Starts the server on the working copy. Rejects with UsageError or TargetError; nothing of ours stays then. */
  static async open(options: TrialsOptions): Promise<Trials> {
    const { state, target } = options;
    const copy = WorkingCopy.create(state, { paths: dataNamedBy(target), cwd: target.cwd });
    linkPackages(copy.root, target.cwd);
    let trials: Trials | null = null;
    try {
      trials = new Trials(options, copy);
      await trials.#start('files');
      return trials;
    } catch (error) {
      await trials?.close();
      copy.remove();
      throw error;
    }
  }

  /** To read the catalogue. Of the server as it is now: trials replace it. */
  get session(): Session {
    const [first] = this.#processes;
    if (first === undefined) throw new Error('the server is not running');
    return first.session;
  }

  /** As the server is started, in its working copy; null for a module. */
  get command(): readonly string[] | null {
    return this.#placed.kind === 'module' ? null : this.#placed.command;
  }

  /** Mettle's agent in the server as it is now. */
  get agent(): ServingAgent {
    const [first] = this.#processes;
    if (first === undefined) throw new Error('the server is not running');
    return first.agent;
  }

  /** The Node.js that runs the server. */
  get node(): string {
    return this.#processes[0]?.agent.node ?? process.version;
  }

  get isAborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  /** Scripts as V8 compiled them: what a loader made of a file is on no disk. Null when the server does not tell. */
  async scripts(wanted: WantedScripts): Promise<ScriptsAnswer | null> {
    try {
      if (this.#processes.length === 0) await this.#start('files');
      return await this.agent.scripts(wanted);
    } catch {
      return null;
    }
  }

  /** Paths outside the working copy of which the server wrote to a copy. */
  shadowedWrites(): readonly string[] {
    return this.copy.shadowedWrites();
  }

  /** Paths outside the working copy that the server tried to write to, and was refused. */
  refusedWrites(): readonly string[] {
    return this.copy.refusedWrites();
  }

  /** Cheapest first. */
  possibleResets(): readonly RaceReset[] {
    const { target } = this.#options;
    if (target.kind === 'module') return ['files', 'factory', 'process'];
    const node = target.kind === 'stdio' ? asNodeCommand(target.command) : null;
    return node === null ? ['files', 'process'] : ['files', 'reimport', 'process'];
  }

  /** One trial by this reset; `restart`: in a process started for it. */
  async run(request: TrialRequest, reset: RaceReset, restart: boolean): Promise<Trial> {
    this.#options.signal?.throwIfAborted();
    const way = request.fresh === true ? 'process' : reset;
    await this.#putBack(way, restart || way === 'process');
    this.#used = true;
    const place = { processes: this.#processes, copy: this.copy, mask: this.#mask() };
    const { trial, reusable } = await runTrial(place, request);
    if (!reusable) await this.#stop();
    return trial;
  }

  /** The next trial begins in a process of its own. */
  discard(): Promise<void> {
    return this.#stop();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#stop();
    await Promise.all(this.#burials);
    this.copy.remove();
  }

  async #putBack(reset: RaceReset, restart: boolean): Promise<void> {
    const imports = reset === 'reimport' || reset === 'factory';
    const other = imports ? this.#running !== reset : this.#running !== 'files';
    const worn = imports && (this.#generations >= MAX_GENERATIONS || this.#threads > MAX_THREADS);
    if ((restart && this.#used) || other || worn || this.#processes.length === 0) {
      await this.#stop();
      this.copy.restore();
      await this.#start(imports ? reset : 'files');
      return;
    }
    this.copy.restore();
    if (!imports) return;
    this.#generations += 1;
    for (const process of this.#processes) {
      const reply = await process.session.request('mettle/begin-anew', {}, { timeoutMs: ANEW_MS });
      if (reply.outcome !== 'result')
        throw new Error(
          `the server did not begin anew: ${reply.outcome === 'error' ? reply.error.message : reply.message}`,
        );
      const { threads } = reply.result as { readonly threads?: number };
      this.#threads = Math.max(this.#threads, threads ?? 0);
      await process.settleHandshake();
      await process.control({ kind: 'outlast-start' });
    }
  }

  async #start(reset: 'files' | 'reimport' | 'factory'): Promise<void> {
    const spec = reset === 'files' ? this.#placed : this.#hosted(reset);
    const processes: RacedProcess[] = [];
    this.#processes = processes;
    this.#running = reset;
    this.#generations = 0;
    this.#threads = 0;
    this.#used = false;
    const count = this.#options.target.kind === 'http' ? 1 : this.#options.processes;
    for (let n = 0; n < count; n++) {
      const started = await this.#startOne(spec);
      processes.push(started);
      this.#era = started.session.era;
      await started.settleHandshake();
    }
  }

  async #startOne(spec: TargetSpec): Promise<RacedProcess> {
    const options = {
      spec,
      connections: this.connections,
      replies: fillIn(this.#options.replies, this.copy.dir),
      agentVariables: { [CONTAINMENT_VARIABLE]: this.copy.root },
      signal: this.#options.signal,
    };
    if (this.#era !== null) return RacedProcess.start({ ...options, era: this.#era });
    try {
      // Nearly every server speaks it, and it spares the look at a disposable process.
      return await RacedProcess.start({ ...options, era: '2025' });
    } catch (error) {
      if (!(error instanceof TargetError) || error.phase !== 'handshake') throw error;
      return RacedProcess.start({ ...options, era: null });
    }
  }

  async #stop(): Promise<void> {
    const processes = this.#processes;
    this.#processes = [];
    const killed = await Promise.all(processes.map((process) => process.kill()));
    for (const { buried } of killed) {
      this.#burials.add(buried);
      void buried.finally(() => this.#burials.delete(buried));
    }
  }

  #hosted(mode: 'reimport' | 'factory'): TargetSpec {
    const placed = this.#placed;
    const { env, cwd } = placed;
    if (placed.kind === 'module') return { kind: 'stdio', command: factoryTrialCommand(placed), env, cwd };
    const node = placed.kind === 'stdio' ? asNodeCommand(placed.command) : null;
    if (node === null) throw new Error(`no ${mode} of this target`);
    const command = reimportTrialCommand(node.node, node.options, node.script, node.args);
    return { kind: 'stdio', command, env, cwd };
  }

  #mask(): Mask {
    const { copy } = this;
    return createMask({
      directories: [
        { path: copy.dir, name: '{dir}' },
        { path: copy.root, name: '{outside}' },
      ],
      pids: this.#processes.map(({ pid }) => pid),
      sinceMs: this.#startedAtMs - 200_000,
    });
  }
}
