import type { BenchProgress } from '../run/index.ts';
import type { Host } from './host.ts';

/** A terminal is redrawn at most this often. The driver draws nothing while it sends: this is a few lines a second. */
const REDRAW_MS = 250;
const BAR_CELLS = 16;
const SPARKS = '▁▂▃▄▅▆▇█';
/** Seconds of rate that the sparkline shows, at four a second. */
const HISTORY = 40;

export interface BenchView {
  show(progress: BenchProgress): void;
  /** Removes the live lines. */
  end(): void;
}

/** What a benchmark shows while it runs: live on a terminal, a line per part elsewhere, nothing when quiet. */
export function benchView(host: Host, quiet: boolean): BenchView {
  if (quiet) return { show() {}, end() {} };
  return host.stderr.isTerminal ? liveView(host) : plainView(host);
}

function plainView(host: Host): BenchView {
  let last = '';
  return {
    show({ title, remainingMs }) {
      const part = title.split(':')[0] ?? title;
      if (part === last) return;
      last = part;
      host.stderr.write(`mettle: ${part} (about ${seconds(remainingMs)} left)\n`);
    },
    end() {},
  };
}

function liveView(host: Host): BenchView {
  const rates: number[] = [];
  let drawnAt = 0;
  let lines = 0;
  const erase = (): void => {
    if (lines > 0) host.stderr.write(`\r${'\u001B[1A\u001B[2K'.repeat(lines)}`);
    lines = 0;
  };
  return {
    show(progress) {
      if (progress.live !== null) {
        rates.push(progress.live.ratePerSecond);
        if (rates.length > HISTORY) rates.shift();
      } else rates.length = 0;
      const at = Date.now();
      if (at - drawnAt < REDRAW_MS && progress.live === null) return;
      drawnAt = at;
      erase();
      const drawn = linesOf(progress, rates).map((line) => line.slice(0, host.stderr.columns - 1));
      lines = drawn.length;
      host.stderr.write(`${drawn.join('\n')}\n`);
    },
    end: erase,
  };
}

function linesOf({ title, done, remainingMs, live }: BenchProgress, rates: readonly number[]): string[] {
  const filled = Math.round(Math.min(1, Math.max(0, done)) * BAR_CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
  const head = `${bar} ${title}  about ${seconds(remainingMs)} left`;
  if (live === null) return [head];
  const failed = live.failed === 0 ? 'no failures' : `${live.failed} FAILED`;
  return [
    head,
    `${sparkline(rates)} ${rate(live.ratePerSecond)} calls/s   p50 ${ms(live.p50Ms)}   p99 ${ms(live.p99Ms)}   ${live.inFlight} in flight   ${live.calls} calls, ${failed}`,
  ];
}

/** The rates as bars between nothing and the highest. */
function sparkline(rates: readonly number[]): string {
  const highest = Math.max(...rates, 1e-9);
  return rates.map((value) => SPARKS[Math.min(7, Math.floor((value / highest) * 8))] ?? ' ').join('');
}

function rate(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en-US');
}

function ms(value: number | null): string {
  return value === null ? '–' : `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function seconds(value: number): string {
  const s = Math.max(0, Math.ceil(value / 1000));
  return s < 120 ? `${s} s` : `${Math.round(s / 60)} min`;
}
