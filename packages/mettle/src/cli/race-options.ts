import { UsageError } from '../evidence/index.ts';
import { USUAL_RACE } from '../run/index.ts';
import { numberOf } from './options.ts';
import type { ExtraOptions, ExtraValues } from './options.ts';
import { shellQuote } from './shell-quote.ts';

/** What `mettle race` takes besides. */
export const RACE_OPTIONS: ExtraOptions = {
  preemptions: { type: 'string' },
  processes: { type: 'string' },
  ignore: { type: 'string', multiple: true },
  replay: { type: 'string' },
  matrix: { type: 'boolean' },
};

/** Schedules grow with each preemption by as many times as there are steps; no known bug needs a fourth. */
const MOST_PREEMPTIONS = 3;

/** How the calls are raced. Throws UsageError for what cannot be. */
export function raceSettings(extra: ExtraValues): typeof USUAL_RACE {
  const text = (name: string): string | undefined => {
    const value = extra[name];
    return typeof value === 'string' ? value : undefined;
  };
  const preemptionBound = numberOf(
    '--preemptions',
    text('preemptions'),
    (n) => Number.isInteger(n) && n >= 0 && n <= MOST_PREEMPTIONS,
    `a whole number from 0 to ${MOST_PREEMPTIONS}`,
  );
  const processes = numberOf('--processes', text('processes'), (n) => n === 1 || n === 2, '1 or 2');
  const ignore = (extra['ignore'] as readonly string[] | undefined) ?? [];
  const wrong = ignore.find((path) => !path.startsWith('$'));
  if (wrong !== undefined)
    throw new UsageError(
      `--ignore takes a JSON path such as '$.updatedAt' or '$.items[*].id'; "${wrong}" does not begin with "$".`,
    );
  const token = text('replay');
  if (token?.toLowerCase().endsWith('.json') === true)
    throw new UsageError(
      `--replay of mettle race takes the token of a schedule, as a finding gives it; a recording is given with --workload ${token}: what ran together in it is raced first.`,
    );
  return {
    preemptionBound: preemptionBound ?? USUAL_RACE.preemptionBound,
    processes: processes ?? USUAL_RACE.processes,
    ignore,
    replay: token ?? null,
  };
}

/** What has to be typed again besides the target, so that the same calls meet in the same way. */
export function raceArguments({ processes, ignore }: typeof USUAL_RACE, seed: number | undefined): string {
  const words = [
    ...(seed === undefined ? [] : ['--seed', String(seed)]),
    ...(processes === 1 ? [] : ['--processes', String(processes)]),
    ...ignore.flatMap((path) => ['--ignore', path]),
  ];
  return words.length === 0 ? '' : `${shellQuote(words)} `;
}
