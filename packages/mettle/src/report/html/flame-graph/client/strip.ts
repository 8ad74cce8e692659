import type { App } from './app.ts';
import type { formatUs as FormatUs } from './words.ts';

declare const formatUs: typeof FormatUs;

/** When the last block ended, in tenths of a millisecond. */
export function stripEnd(app: App): number {
  return app.model.blocks.reduce((end, [, start, length]) => Math.max(end, start + length), 1);
}

/** Draws the blocks over time, the taller the longer; those of the chosen subject stand out. */
export function paintStrip(app: App): void {
  const { stripPen: pen, colours, model } = app;
  const strip = app.parts.strip;
  if (pen === null || strip === null) return;
  const width = strip.clientWidth;
  const height = strip.clientHeight;
  const longest = model.blocks.reduce((most, [, , length]) => Math.max(most, length), 1);
  const scale = width / stripEnd(app);
  pen.globalAlpha = 1;
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = colours.line;
  pen.fillRect(0, height - 1, width, 1);
  for (const chosen of [false, true]) {
    pen.fillStyle = chosen ? colours.accent : colours.muted;
    pen.globalAlpha = chosen ? 1 : 0.45;
    for (const [subject, start, length] of model.blocks) {
      if ((app.settings.subject < 0 || subject === app.settings.subject) !== chosen) continue;
      // By the root, or one long block would flatten all others.
      const tall = Math.max(3, Math.sqrt(length / longest) * (height - 3));
      pen.fillRect(start * scale, height - 1 - tall, Math.max(1.5, length * scale), tall);
    }
  }
  const [, start, length] = model.blocks[app.block] ?? [];
  if (start === undefined || length === undefined) return;
  // From top to bottom, so that a short block among tall ones is seen to be the one.
  pen.globalAlpha = 1;
  pen.fillStyle = colours.ink;
  pen.fillRect(start * scale - 1, 0, Math.max(1.5, length * scale) + 2, 3);
  pen.fillRect(start * scale - 1, 0, 1, height);
}

/** The block nearest to a place on the strip, within reach of a finger; -1 when there is none. */
export function blockAt(app: App, x: number): number {
  const scale = (app.parts.strip?.clientWidth ?? 1) / stripEnd(app);
  let best = -1;
  let nearest = 12;
  app.model.blocks.forEach(([, start, length], i) => {
    const apart = Math.max(start * scale - x, x - (start + length) * scale, 0);
    if (apart < nearest || (apart === nearest && best >= 0 && length > (app.model.blocks[best]?.[2] ?? 0))) {
      best = i;
      nearest = apart;
    }
  });
  return best;
}

/** The block that a key of the strip leads to: left and right in time, up to the next longer one, down to the next shorter; -1 for other keys. */
export function blockByKey(app: App, key: string): number {
  const { blocks } = app.model;
  const last = blocks.length - 1;
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key === 'ArrowLeft') return Math.max(0, app.block - 1);
  if (key === 'ArrowRight') return Math.min(last, app.block + 1);
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return -1;
  const byLength = blocks.map((_, i) => i).sort((a, b) => (blocks[b]?.[2] ?? 0) - (blocks[a]?.[2] ?? 0));
  const rank = byLength.indexOf(app.block);
  return byLength[Math.min(last, Math.max(0, key === 'ArrowUp' ? rank - 1 : rank + 1))] ?? -1;
}

/** A block in words. */
export function describeBlock(app: App, block: number): string {
  const [subject = -1, start = 0, length = 0] = app.model.blocks[block] ?? [];
  const name = app.model.subjects[subject]?.name ?? 'a call that was not sampled';
  return `Event loop blocked for ${formatUs(length * 100)} by ${name}, ${(start / 10000).toFixed(2)} s after the first block`;
}
