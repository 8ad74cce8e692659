import type { RaceStep, ScheduleSpec, TrialRecord } from '../evidence/index.ts';

/*
 * What Mettle asks of an agent that was loaded to control the order of events (METTLE_AGENT_CONTROL=1, see
 * control/): part of the messages of protocol.ts, as `{ do: 'control', request }`.
 */

/** Set to 1 when the target is started to be raced: the agent then wraps what can reorder events, before the server loads. */
export const CONTROL_VARIABLE = 'METTLE_AGENT_CONTROL';

/** The folder outside of which a target that is raced writes nothing through node:fs, see containment.ts. */
export const CONTAINMENT_VARIABLE = 'METTLE_AGENT_CONTAINMENT';

/**
 * What the clocks of a target under control show, about (10 February 2032): a timestamp can be told from any other number
 * or text, and masked. In a trial exactly this and the virtual time; otherwise some time later.
 */
export const CONTROL_EPOCH_MS = 1_960_000_000_000;

/** Over HTTP the lane travels in this header, since two sessions may use one request id. */
export const LANE_HEADER = 'mettle-lane';

/** The racing requests, told apart by their JSON-RPC id (stdio, in process) or by LANE_HEADER (HTTP). */
export interface ControlledCall {
  readonly lane: string;
  readonly requestId: number | string | null;
}

export type ControlRequest =
  /**
   * Time becomes virtual, randomness a lane's own; the named requests are held when they arrive. Answers {} at once.
   * The schedule begins when all of them have arrived.
   */
  | {
      readonly kind: 'arm';
      readonly calls: readonly ControlledCall[];
      /** `remote`: every step is chosen by `step`, for several processes under one scheduler. */
      readonly schedule: ScheduleSpec | { readonly strategy: 'remote' };
      readonly maxSteps: number;
      /** Prefix of every path of the working copy: what lies under it is named relative to it. */
      readonly workingCopy: string;
    }
  /** The server was imported anew in its process: what it does at its start is brought to an end. Answers {}. */
  | { readonly kind: 'outlast-start' }
  /** Waits for the end of the schedule, lets go of everything held; answers TrialRecord. */
  | { readonly kind: 'finish' }
  /** `remote` only: waits until nothing moves; answers RemotePoint. */
  | { readonly kind: 'settle' }
  /** `remote` only: takes the step, waits until nothing moves; answers RemotePoint. */
  | { readonly kind: 'step'; readonly id: string };

/** Where several processes stand still: what each could do next. */
export interface RemotePoint {
  readonly enabled: readonly RaceStep[];
  /** The step that keeps the chain going that ran last; null when it cannot go on. */
  readonly continues: string | null;
  readonly unanswered: readonly string[];
  /** Nothing held and nothing outside that could still happen. */
  readonly stuck: boolean;
}

/** Answers by kind. */
export interface ControlAnswers {
  readonly arm: Readonly<Record<string, never>>;
  readonly 'outlast-start': Readonly<Record<string, never>>;
  readonly finish: TrialRecord;
  readonly settle: RemotePoint;
  readonly step: RemotePoint;
}
