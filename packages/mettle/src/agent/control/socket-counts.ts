const counts = { open: 0, openAtStart: 0, peak: 0 };

/** A trial begins. */
export function restartSocketCounts(): void {
  counts.openAtStart = counts.open;
  counts.peak = 0;
}

export function socketOpened(): void {
  counts.open++;
  counts.peak = Math.max(counts.peak, counts.open - counts.openAtStart);
}

export function socketClosed(): void {
  if (counts.open > 0) counts.open--;
}

/** Connections that the target had open beyond those of the start, at most. */
export function peakSockets(): number {
  return counts.peak;
}
