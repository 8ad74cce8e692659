import { printable, shortenRight } from '../report/index.ts';
import type { Progress } from '../run/index.ts';
import type { Host } from './host.ts';

/** A terminal is redrawn at most this often: faster than the eye needs, slower than a slow link can bear. */
const REDRAW_MS = 100;
const BAR_CELLS = 16;

export interface ProgressView {
  show(progress: Progress): void;
  /** Removes the live line. */
  end(): void;
}

/** Live on a terminal, a plain line per stage elsewhere, nothing when quiet. Always on stderr. */
export function progressView(host: Host, quiet: boolean): ProgressView {
  if (quiet) return { show() {}, end() {} };
  return host.stderr.isTerminal ? liveView(host) : plainView(host);
}

function plainView(host: Host): ProgressView {
  let last = '';
  return {
    show({ title, remainingMs }) {
      if (title === last) return;
      last = title;
      host.stderr.write(`mettle: ${title} (at most ${seconds(remainingMs)} left)\n`);
    },
    end() {},
  };
}

function liveView(host: Host): ProgressView {
  let drawnAt = 0;
  return {
    show(progress) {
      const at = Date.now();
      if (at - drawnAt < REDRAW_MS) return;
      drawnAt = at;
      host.stderr.write(`\r\u001B[2K${line(progress, host.stderr.columns)}`);
    },
    end() {
      if (drawnAt > 0) host.stderr.write('\r\u001B[2K');
    },
  };
}

function line({ title, subject, calls, done, remainingMs }: Progress, columns: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, done)) * BAR_CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
  const tail = `  ${calls} calls  ≤ ${seconds(remainingMs)} left`;
  // A tool's name is the server's word, and this goes to a terminal.
  const head = printable(`${bar} ${title}${subject === null ? '' : `: ${subject}`}`);
  return shortenRight(head, Math.max(20, columns - tail.length - 1)) + tail;
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1000))} s`;
}
