import { UsageError } from '../evidence/index.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `10s`, `5m`, `2h`; a bare number is seconds. */
export function timeOf(option: string, text: string | undefined, least = 1): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text.trim());
  const ms = match === null ? Number.NaN : Number(match[1]) * (UNITS[match[2] ?? 's'] as number);
  if (!(ms >= least))
    throw new UsageError(
      `${option} takes a time such as 500ms, 10s, 5m or 2h${least > 0 ? ', above 0' : ''}; "${text}" is none.`,
    );
  return ms;
}
