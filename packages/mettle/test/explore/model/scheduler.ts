import type {
  RaceAnswer,
  RaceCall,
  RaceChoice,
  RaceStep,
  ScheduleSpec,
  TrialRecord,
} from '../../../src/evidence/index.ts';
import { laneOf } from '../../../src/explore/index.ts';
import { seededRandom } from '../../../src/stats/index.ts';
import { answered, argumentsOf, Crash } from './machine.ts';
import type { Program, Server, World } from './machine.ts';

interface Pending {
  readonly step: RaceStep;
  readonly chain: Chain;
  readonly dueMs: number | null;
  readonly take: () => void;
}
interface Chain {
  readonly lane: string;
  readonly program: Program;
  /** Number of the lane. */
  readonly index: number;
  readonly isMain: boolean;
}
type Picker = (enabled: readonly Pending[], continues: Pending | undefined, taken: number) => Pending;

/** Runs calls of a model server under one schedule. */
export class ModelRun {
  readonly steps: RaceStep[] = [];
  readonly choices: RaceChoice[] = [];
  readonly answers: RaceAnswer[];
  crash: string | null = null;
  divergedAt: number | null = null;
  overlap = 0;
  readonly #world: World;
  #pending: Pending[] = [];
  readonly #waiting: { chain: Chain; until: () => boolean }[] = [];
  readonly #numbers = new Map<string, number>();
  #last: Chain | null = null;

  constructor(world: World, server: Server, calls: readonly RaceCall[]) {
    this.#world = world;
    this.answers = calls.map(() => ({ status: 'unanswered', text: '' }));
    calls.forEach((call, index) => {
      const lane = laneOf(index);
      const tool = server.tools[call.tool ?? ''];
      if (tool === undefined) throw new Error(`the model has no tool ${call.tool}`);
      const chain = { lane, index, program: tool(argumentsOf(call), lane), isMain: true };
      this.#gate(chain, { kind: 'call', phase: 'delivery', resource: null, writes: false }, () =>
        this.#go(chain, undefined),
      );
    });
  }

  run(schedule: ScheduleSpec, maxSteps: number): TrialRecord {
    const pick = pickerOf(schedule, this);
    let status: TrialRecord['status'] = 'done';
    for (;;) {
      this.#wake();
      const enabled = this.#enabled();
      if (this.crash !== null || enabled.length === 0) break;
      if (this.steps.length >= maxSteps) {
        status = 'livelock';
        break;
      }
      const mine = enabled.find(({ chain, dueMs }) => chain === this.#last && dueMs === null);
      const next = pick(enabled, mine, this.steps.length);
      this.choices.push({
        taken: next.step.id,
        others: enabled.filter((other) => other !== next).map(({ step }) => step.id),
        continues: mine?.step.id ?? null,
      });
      this.steps.push(next.step);
      this.#pending.splice(this.#pending.indexOf(next), 1);
      if (next.dueMs !== null) this.#world.nowMs = Math.max(this.#world.nowMs, next.dueMs);
      this.#last = next.chain;
      next.take();
      this.overlap = Math.max(
        this.overlap,
        new Set(this.#pending.filter(({ step }) => step.kind !== 'call').map(({ step }) => step.lane)).size,
      );
    }
    if (
      status === 'done' &&
      this.crash === null &&
      this.answers.some((answer) => answer.status === 'unanswered')
    )
      status = 'deadlock';
    return {
      status,
      steps: this.steps,
      choices: this.choices,
      divergedAt: this.divergedAt,
      uncontrolled: [],
      virtualMs: this.#world.nowMs,
      overlap: this.overlap,
      longestSynchronousCpuMs: 0,
      peakSockets: 0,
      peakFiles: 0,
      peakThreadPoolJobs: 0,
    };
  }

  isUnanswered(lane: string): boolean {
    return this.answers.some((answer, index) => laneOf(index) === lane && answer.status === 'unanswered');
  }

  #enabled(): readonly Pending[] {
    const timers = this.#pending.filter(({ dueMs }) => dueMs !== null);
    const first = timers.toSorted((a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0))[0];
    return this.#pending.filter((pending) => pending.dueMs === null || pending === first);
  }

  #wake(): void {
    for (;;) {
      const at = this.#waiting.findIndex(({ until }) => until());
      if (at === -1) return;
      const [woken] = this.#waiting.splice(at, 1);
      if (woken !== undefined) this.#go(woken.chain, undefined);
    }
  }

  #gate(
    chain: Chain,
    what: Pick<RaceStep, 'kind' | 'phase' | 'resource' | 'writes'>,
    take: () => void,
    dueMs: number | null = null,
  ): void {
    const number = (this.#numbers.get(chain.lane) ?? 0) + 1;
    this.#numbers.set(chain.lane, number);
    const step = { id: `${chain.lane}#${number}`, lane: chain.lane, detail: '', site: null, ...what };
    this.#pending.push({ step, chain, dueMs, take });
  }

  /** Lets the program go on until it asks for something that takes a step. */
  #go(chain: Chain, result: unknown): void {
    let resume = (): IteratorResult<unknown, unknown> =>
      result instanceof Error ? chain.program.throw(result) : chain.program.next(result);
    try {
      for (;;) {
        const { done, value } = resume() as ReturnType<Program['next']>;
        resume = () => chain.program.next();
        if (done === true) {
          if (chain.isMain) this.answers[chain.index] = answered(value);
          return;
        }
        if (value.op === 'spawn') {
          const spawned = { lane: chain.lane, index: chain.index, program: value.program(), isMain: false };
          this.#go(spawned, undefined);
        } else if (value.op === 'wait') {
          if (value.until()) continue;
          this.#waiting.push({ chain, until: value.until });
          return;
        } else if (value.op === 'timer') {
          this.#gate(
            chain,
            { kind: 'timer', phase: 'delivery', resource: null, writes: false },
            () => this.#go(chain, undefined),
            this.#world.nowMs + value.ms,
          );
          return;
        } else {
          const { kind, resource, writes, effect } = value;
          this.#gate(chain, { kind, phase: 'effect', resource, writes }, () => {
            let outcome: unknown;
            try {
              outcome = effect();
            } catch (error) {
              outcome = error;
            }
            this.#gate(chain, { kind, phase: 'delivery', resource: null, writes: false }, () =>
              this.#go(chain, outcome),
            );
          });
          return;
        }
      }
    } catch (error) {
      if (error instanceof Crash) this.crash = `exit code 1: ${error.message}`;
      else if (!chain.isMain) return;
      else this.answers[chain.index] = { status: 'tool-error', text: (error as Error).message };
    }
  }
}

function pickerOf(schedule: ScheduleSpec, run: ModelRun): Picker {
  switch (schedule.strategy) {
    case 'sequential':
      return (enabled) => {
        for (const lane of schedule.order) {
          const found = enabled.find(({ step }) => step.lane === lane);
          if (found !== undefined) return found;
          if (run.isUnanswered(lane)) break;
        }
        return enabled[0] as Pending;
      };
    case 'prefix':
      return (enabled, continues, taken) => {
        const wanted = schedule.decisions[taken];
        const found = enabled.find(({ step }) => step.id === wanted);
        if (wanted !== undefined && found === undefined) run.divergedAt ??= taken;
        return found ?? continues ?? enabled.find(({ dueMs }) => dueMs === null) ?? (enabled[0] as Pending);
      };
    case 'breadth': {
      const taken = (lane: string): number => run.steps.filter((step) => step.lane === lane).length;
      return (enabled) => enabled.reduce((a, b) => (taken(b.step.lane) < taken(a.step.lane) ? b : a));
    }
    case 'pos': {
      const random = seededRandom(schedule.seed);
      const priorities = new Map<Pending, number>();
      const priority = (pending: Pending): number => {
        if (!priorities.has(pending)) priorities.set(pending, random());
        return priorities.get(pending) ?? 0;
      };
      return (enabled) => {
        const next = enabled.reduce((a, b) => (priority(b) > priority(a) ? b : a));
        for (const other of enabled) if (other.step.resource === next.step.resource) priorities.delete(other);
        return next;
      };
    }
    case 'pct': {
      const random = seededRandom(schedule.seed);
      const priorities = new Map<Chain, number>();
      const changes = new Map(
        Array.from({ length: schedule.depth - 1 }, (_, index) => [
          Math.floor(random() * schedule.length),
          (index + 1) / schedule.depth,
        ]),
      );
      const priority = ({ chain }: Pending): number => {
        if (!priorities.has(chain)) priorities.set(chain, 1 + random());
        return priorities.get(chain) ?? 0;
      };
      return (enabled, _continues, taken) => {
        const top = (): Pending => enabled.reduce((a, b) => (priority(b) > priority(a) ? b : a));
        const change = changes.get(taken);
        if (change !== undefined) priorities.set(top().chain, change);
        return top();
      };
    }
    case 'random':
    case 'delay': {
      const random = seededRandom(schedule.seed);
      return (enabled) => enabled[Math.floor(random() * enabled.length)] as Pending;
    }
    case 'free':
      return (enabled) => enabled[0] as Pending;
  }
}
