import type { Finding } from '../evidence/index.ts';

/** A count with thousands separators: 12,345. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** Milliseconds without the unit, in at most six characters up to a minute: 0.04, 1.2, 48.3, 512, 12,300. */
export function formatMsFigure(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 0.095) return ms.toFixed(2);
  if (ms < 99.95) return ms.toFixed(1);
  return formatCount(ms);
}

/** Milliseconds with the unit. */
export function formatMs(ms: number): string {
  return `${formatMsFigure(ms)} ms`;
}

/** How long something took, in the unit in which a person would say it. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Any figure to three significant digits, never in exponent form. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return 'unknown';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return formatCount(value);
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

/** Bytes in binary units: 512 B, 1.5 KiB, 12 MiB. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${formatFigure(value)} ${units[unit]}`;
}

/** What the finding costs, as a phrase: "48.3 ms CPU per call". */
export function formatCost(cost: Finding['cost']): string {
  const amount = /^(bytes?|B)$/.test(cost.unit)
    ? formatBytes(cost.value)
    : `${formatFigure(cost.value)} ${cost.value === 1 ? singular(cost.unit) : cost.unit}`;
  return cost.per === 'run' ? `${amount} in this run` : `${amount} per ${cost.per}`;
}

/** Units are things in the plural (`sockets`, `child processes`), abbreviations (`ms CPU`), or shares (`% of calls`). */
function singular(unit: string): string {
  return unit.startsWith('%') ? unit : unit.replace(/(?<=ss)es$|(?<=[a-z]{3}[^s])s$/, '');
}

/** "1 tool", "5 tools". */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
