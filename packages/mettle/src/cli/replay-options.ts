import { UsageError } from '../evidence/index.ts';
import type { Examination } from '../evidence/index.ts';
import { replayShape } from '../run/index.ts';
import type { BenchSettings, ReplaySetting, Workload } from '../run/index.ts';
import { numberOf } from './options.ts';
import type { ExtraOptions, ExtraValues } from './options.ts';
import { timeOf } from './time-option.ts';

/** What `--replay` of `mettle bench`, `check` and `profile` takes. */
export const REPLAY_OPTIONS: ExtraOptions = {
  replay: { type: 'boolean' },
  speed: { type: 'string' },
  'longest-pause': { type: 'string' },
};

/** Beyond a thousand times the pace nothing is left of a recording's times. */
const HIGHEST_SPEED = 1000;
/** Options that say when calls are made, or which: a recording does. */
const OTHER_LOADS = [
  'rate',
  'ramp',
  'spike',
  'stages',
  'soak',
  'arrivals',
  'connections',
  'in-flight',
  'think-time',
  'warm-up',
  'find-capacity',
  'arguments',
  'export',
];
const COMPARISONS = ['compare', 'save', 'against', 'history'];

/** The settings, with the workload's recording as their load where that is asked for. Throws UsageError for what cannot be. */
export function withReplay(
  settings: BenchSettings,
  values: ExtraValues,
  workload: Workload | null,
  budgetSeconds: number | undefined,
): BenchSettings {
  const pace = paceOf(values);
  if (pace === null) return settings;
  const other = OTHER_LOADS.find((name) => values[name] !== undefined);
  if (other !== undefined)
    throw new UsageError(
      `--replay makes the calls of a recording, when they were made; --${other} asks for another load: leave one of them out.`,
    );
  const comparison = COMPARISONS.find((name) => values[name] !== undefined);
  if (comparison !== undefined)
    throw new UsageError(
      `--replay is of one server: --${comparison} compares by calls in turns. Leave out --replay, and the recording is compared as a mix.`,
    );
  const limited = values['duration'] !== undefined || budgetSeconds !== undefined;
  const replay = { ...pace, untilMs: limited ? settings.durationMs : null };
  return { ...settings, replay, shape: replayShape(recordedIn(workload), replay) };
}

/** What the examinations take of it: `--duration` ends each replay early. */
export const EXAMINED_REPLAY_OPTIONS: ExtraOptions = { ...REPLAY_OPTIONS, duration: { type: 'string' } };

/**
 * How an examination makes the recording again; null: as a mix. `typed` is what stood on the command line, `values` that and
 * the config. Throws UsageError for what cannot be.
 */
export function examinedReplay(
  examination: Examination,
  { typed, values }: { readonly typed: ExtraValues; readonly values: ExtraValues },
  workload: Workload | null,
): ReplaySetting | null {
  const asked = values['replay'] === true;
  if (!asked && typed['duration'] !== undefined)
    throw new UsageError(
      '--duration ends a replay early: give --replay as well, or --budget for the whole run.',
    );
  if (asked && examination === 'leak')
    throw new UsageError(
      'mettle leak takes the calls of a recording as a mix: it makes each a number of times of its own choice, which is what tells whose calls make memory grow. Leave out --replay; --workload is enough.',
    );
  // A pace that the config has for mettle bench is no mistake here.
  const pace = paceOf(asked ? values : typed);
  if (pace === null) return null;
  const untilMs = timeOf('--duration', textOf(values, 'duration')) ?? null;
  const replay = { ...pace, untilMs };
  // Says at once what is wrong with it.
  replayShape(recordedIn(workload), replay);
  return replay;
}

/** How fast the recording is made again; null when it is not asked for. */
function paceOf(values: ExtraValues): Omit<ReplaySetting, 'untilMs'> | null {
  const speed =
    numberOf(
      '--speed',
      textOf(values, 'speed')?.replace(/x$/, ''),
      (n) => n > 0 && n <= HIGHEST_SPEED,
      `how many times the recording's pace, up to ${HIGHEST_SPEED}, such as 2`,
    ) ?? 1;
  const longestPauseMs = timeOf('--longest-pause', textOf(values, 'longest-pause'), 0) ?? null;
  if (values['replay'] === true) return { speed, longestPauseMs };
  const stray = ['speed', 'longest-pause'].find((name) => values[name] !== undefined);
  if (stray !== undefined)
    throw new UsageError(`--${stray} is for replaying a recording: give --replay as well.`);
  return null;
}

function recordedIn(workload: Workload | null): Workload {
  if (workload === null)
    throw new UsageError(
      '--replay needs the recording: give it with --workload FILE, as mettle record wrote it.',
    );
  return workload;
}

function textOf(values: ExtraValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}
