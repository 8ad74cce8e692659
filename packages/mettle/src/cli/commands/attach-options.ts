import { UsageError } from '../../evidence/index.ts';
import { numberOf } from '../options.ts';
import type { CommandOptions, ExtraOptions } from '../options.ts';

/** What `mettle attach` takes besides. */
export const ATTACH_OPTIONS: ExtraOptions = {
  memory: { type: 'boolean' },
  snapshot: { type: 'boolean' },
  collect: { type: 'boolean' },
  'accept-pause': { type: 'string' },
};

/** What is looked at when the memory is; null when the processor's time is. */
export interface MemoryAsked {
  readonly collect: boolean;
  readonly snapshot: boolean;
  readonly mostPauseMs: number | null;
}

/** A snapshot of the largest heap that V8 allows by default takes ten minutes. */
const MOST_PAUSE_SECONDS = 3600;

/** Throws UsageError for options that do not go together. */
export function memoryAsked(options: CommandOptions): MemoryAsked | null {
  const { extra } = options;
  const asked = (name: string): boolean => extra[name] === true;
  const pause = extra['accept-pause'];
  const seconds = numberOf(
    '--accept-pause',
    typeof pause === 'string' ? pause : undefined,
    (n) => n > 0 && n <= MOST_PAUSE_SECONDS,
    `a number of seconds up to ${MOST_PAUSE_SECONDS}`,
  );
  if (!asked('memory')) {
    const stray = ['snapshot', 'collect', 'accept-pause'].find((name) => extra[name] !== undefined);
    if (stray !== undefined)
      throw new UsageError(`--${stray} belongs to --memory: mettle attach PID --memory --${stray}.`);
    return null;
  }
  if (options.alwaysOn)
    throw new UsageError(
      '--memory and --always-on do not go together: --always-on is a form of the CPU profile, and --memory may stay on as long as it is (--seconds up to 86400).',
    );
  if (asked('snapshot') && asked('collect'))
    throw new UsageError(
      '--snapshot and --collect do not go together: a snapshot collects all garbage itself, and two of them tell what grew in between.',
    );
  return {
    collect: asked('collect'),
    snapshot: asked('snapshot'),
    mostPauseMs: seconds === undefined ? null : seconds * 1000,
  };
}
