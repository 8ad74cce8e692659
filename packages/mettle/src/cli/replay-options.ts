import { UsageError } from '../evidence/index.ts';
import { replayShape } from '../run/index.ts';
import type { BenchSettings, Workload } from '../run/index.ts';
import { numberOf } from './options.ts';
import type { ExtraOptions, ExtraValues } from './options.ts';
import { timeOf } from './time-option.ts';

/** What `mettle bench --replay` takes. */
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
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const speed =
    numberOf(
      '--speed',
      text('speed')?.replace(/x$/, ''),
      (n) => n > 0 && n <= HIGHEST_SPEED,
      `how many times the recording's pace, up to ${HIGHEST_SPEED}, such as 2`,
    ) ?? 1;
  const longestPauseMs = timeOf('--longest-pause', text('longest-pause'), 0) ?? null;
  if (values['replay'] !== true) {
    const stray = ['speed', 'longest-pause'].find((name) => values[name] !== undefined);
    if (stray !== undefined)
      throw new UsageError(`--${stray} is for replaying a recording: give --replay as well.`);
    return settings;
  }
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
  if (workload === null)
    throw new UsageError(
      '--replay needs the recording: give it with --workload FILE, as mettle record wrote it.',
    );
  const limited = values['duration'] !== undefined || budgetSeconds !== undefined;
  const replay = { speed, longestPauseMs, untilMs: limited ? settings.durationMs : null };
  return { ...settings, replay, shape: replayShape(workload, replay) };
}
