import type { RaceAnswer, RaceCall, Trial } from '../../../src/evidence/index.ts';
import type { TrialRequest, TrialRunner } from '../../../src/explore/index.ts';
import type { Server, World } from './machine.ts';
import { ModelRun } from './scheduler.ts';

export interface Model {
  readonly create: (world: World) => Server;
  readonly files?: Readonly<Record<string, string>>;
  /** What is not under control. */
  readonly escapes?: readonly string[];
}

/** Runs trials of a model server; every trial in a world of its own. */
export class ModelRunner implements TrialRunner {
  readonly reset = 'process';
  trials = 0;
  readonly requests: TrialRequest[] = [];
  readonly #model: Model;
  readonly #keeps: boolean;

  constructor(model: Model, { keepsRequests = false } = {}) {
    this.#model = model;
    this.#keeps = keepsRequests;
  }

  run(request: TrialRequest): Promise<Trial> {
    this.trials += 1;
    const { trials } = this;
    if (this.#keeps) this.requests.push(request);
    const world: World = {
      files: new Map(Object.entries(this.#model.files ?? {})),
      nowMs: 0,
      openSockets: 0,
      uncontrolled: () => trials,
    };
    const server = this.#model.create(world);
    const oneByOne = (calls: readonly RaceCall[]): readonly RaceAnswer[] =>
      calls.map((call) => {
        const run = new ModelRun(world, server, [call]);
        run.run({ strategy: 'sequential', order: ['A'] }, 1000);
        return run.answers[0] as RaceAnswer;
      });
    oneByOne(request.setup);
    world.nowMs = 0;
    const run = new ModelRun(world, server, request.calls);
    const record = run.run(request.schedule, request.maxSteps ?? 2000);
    const observed = run.crash === null ? oneByOne(request.observe) : [];
    return Promise.resolve({
      record: { ...record, uncontrolled: this.#model.escapes ?? [] },
      answers: run.answers,
      observed,
      files: Object.fromEntries(world.files),
      crash: run.crash,
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
