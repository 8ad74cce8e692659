import { resolve } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import type { Threshold } from '../evidence/index.ts';
import type { ExtraOptions, ExtraValues } from './options.ts';

/** What `mettle bench` takes to compare versions. */
export const COMPARE_OPTIONS: ExtraOptions = {
  compare: { type: 'string' },
  tolerance: { type: 'string' },
  save: { type: 'string' },
  against: { type: 'string' },
  history: { type: 'string' },
};

/** A twentieth is what a user may not notice, and what a minute of measuring can tell on a shared machine. */
const DEFAULT_TOLERANCE = 0.05;

/** What is to be compared with what, and kept where. */
export interface CompareSettings {
  /** `git:REF`, a URL or a command. */
  readonly compareWith: string | null;
  /** Files, absolute. */
  readonly save: string | null;
  readonly against: string | null;
  readonly history: string | null;
  readonly tolerance: number;
}

/** The settings that the options ask for. Throws UsageError for what contradicts itself. */
export function compareSettings(
  values: ExtraValues,
  thresholds: readonly Threshold[],
  cwd: string,
): CompareSettings {
  const text = (name: string): string | null => {
    const value = values[name];
    return typeof value === 'string' ? value : null;
  };
  const file = (name: string): string | null => {
    const value = text(name);
    return value === null ? null : resolve(cwd, value);
  };
  const settings = {
    compareWith: text('compare'),
    save: file('save'),
    against: file('against'),
    history: file('history'),
    tolerance: toleranceOf(text('tolerance')),
  };
  const given = (['compareWith', 'save', 'against'] as const).filter((name) => settings[name] !== null);
  if (given.length > 1)
    throw new UsageError(
      '--compare, --against and --save are three runs of different kinds: give one of them at a time.',
    );
  if (settings.history !== null && (settings.compareWith !== null || settings.against !== null))
    throw new UsageError(
      '--history keeps what a run beside the yardstick measured: give it alone or with --save, not with a comparison.',
    );
  const comparing = settings.compareWith !== null || settings.against !== null;
  const ratio = thresholds.find(({ unit }) => unit === 'ratio');
  if (ratio !== undefined && !comparing)
    throw new UsageError(
      `--fail-on: "${ratio.expression}" is a ratio to another version: name that with --compare git:main, --compare 'COMMAND' or --against FILE.`,
    );
  return settings;
}

function toleranceOf(text: string | null): number {
  if (text === null) return DEFAULT_TOLERANCE;
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim());
  const share = Number(match?.[1]) / 100;
  if (!(share > 0 && share <= 1))
    throw new UsageError(`--tolerance takes a percentage such as 5%, above 0; "${text}" is none.`);
  return share;
}
