import type { BlockingEvidence, Bundle, Stretch } from '../../evidence/index.ts';
import { formatCount, formatDuration, formatMs } from '../figures.ts';
import { ACROSS, axis, DOWN, gridLines, plot, unit } from './plot.ts';
import { linearScale, type Scale } from './scales.ts';
import { html, type Html } from './template.ts';

/** So many bars keep the file small; the evidence lists the longest first, so what is left out is short. */
const BARS = 1500;
/** The subjects that stopped the loop longest in all. */
const STRIPS = 40;
const NO_CALL = 'outside any call';

/** When the event loop stood still, and in whose call: a strip per subject over the time it was observed. */
export function blockingSection(bundle: Bundle): Html | null {
  const blocking = bundle.evidence.blocking;
  if (blocking === undefined || blocking.stretches.length === 0) return null;
  const startMs = [
    ...blocking.stretches.map((s) => s.startedAtMs),
    ...blocking.driverCalls.map((c) => c.sentAtMs),
  ].reduce((a, b) => Math.min(a, b));
  const endMs = blocking.stretches.reduce(
    (end, s) => Math.max(end, s.startedAtMs + s.wallMs),
    startMs + blocking.observedMs,
  );
  const scale = linearScale(0, (endMs - startMs) / 1000, 'exact');
  const longestMs = blocking.stretches.reduce((longest, s) => Math.max(longest, s.wallMs), 0);
  const rows = groupBySubject(blocking.stretches.slice(0, BARS)).slice(0, STRIPS);
  return html`<section id="blocking">
    <h2>Event loop</h2>
    <p class="lead">
      Every time the event loop stood still for ${formatMs(blocking.thresholdMs)} or more, by the call that
      held it, while ${formatDuration(blocking.observedMs)} were observed. The taller a bar, the longer the
      stop (logarithmic, the tallest ${formatMs(longestMs)}).${hostNote(blocking)}${omitted(blocking)}
    </p>
    <div class="rows">
      ${rows.map(([name, stretches]) => strip(name, stretches, { scale, startMs, longestMs, thresholdMs: blocking.thresholdMs }))}
      <div class="row-axis">${axis(scale, 'seconds since the observation began')}</div>
    </div>
  </section>`;
}

function groupBySubject(stretches: readonly Stretch[]): [string, Stretch[]][] {
  const groups = new Map<string, Stretch[]>();
  for (const stretch of stretches) {
    const name = stretch.subject ?? NO_CALL;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [stretch]);
    else group.push(stretch);
  }
  return [...groups].toSorted((a, b) => totalMs(b[1]) - totalMs(a[1]));
}

function omitted(blocking: BlockingEvidence): string {
  const count = blocking.droppedStretches + Math.max(0, blocking.stretches.length - BARS);
  return count === 0 ? '' : ` ${formatCount(count)} shorter ones are not drawn.`;
}

/** A stop in which the thread waited for a core longer than it ran: the machine's doing, not the tool's. */
function isMostlyHost({ hostDelayMs, wallMs }: Stretch): boolean {
  return hostDelayMs !== null && hostDelayMs > wallMs / 2;
}

function hostNote({ stretches }: BlockingEvidence): string {
  const count = stretches.filter(isMostlyHost).length;
  return count === 0
    ? ''
    : ` Grey: ${formatCount(count)} that ${count === 1 ? 'was' : 'were'} mostly the thread’s wait for a core of a busy machine.`;
}

function totalMs(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, stretch) => sum + stretch.wallMs, 0);
}

interface Frame {
  readonly scale: Scale;
  readonly startMs: number;
  readonly longestMs: number;
  readonly thresholdMs: number;
}

function strip(name: string, stretches: readonly Stretch[], frame: Frame): Html {
  const longest = stretches.reduce((most, stretch) => Math.max(most, stretch.wallMs), 0);
  const words = `${formatCount(stretches.length)} stops, ${formatDuration(totalMs(stretches))} in all, the longest ${formatMs(longest)}`;
  return html`<div class="row">
    <div class="row-name${name === NO_CALL ? ' none' : ''}">${name}</div>
    <div class="row-figures">
      <b>${formatCount(stretches.length)}</b> stops, the longest <b>${formatMs(longest)}</b>
    </div>
    ${plot('strip', `${name}: ${words}`, [
      gridLines(frame.scale),
      ...stretches.map((stretch) => bar(stretch, frame)),
      html`<path class="base" d="M0 ${DOWN}H${ACROSS}" />`,
    ])}
  </div>`;
}

function bar(stretch: Stretch, { scale, startMs, longestMs, thresholdMs }: Frame): Html {
  const fromMs = stretch.startedAtMs - startMs;
  const x = unit(scale.position(fromMs / 1000) * ACROSS);
  const width = unit(Math.max(0.1, scale.position(stretch.wallMs / 1000) * ACROSS));
  // The shortest stop still stands a fifth high, or it could not be seen.
  const grade =
    Math.log(Math.max(1, stretch.wallMs / thresholdMs)) / Math.log(Math.max(1.01, longestMs / thresholdMs));
  const height = unit(DOWN * (0.2 + 0.78 * grade));
  const cpu = stretch.cpuMs === null ? '' : `, ${formatMs(stretch.cpuMs)} CPU`;
  const host = isMostlyHost(stretch) ? ', mostly the host’s delay' : '';
  return html`<rect${host === '' ? null : html` class="host"`} x="${x}" y="${unit(DOWN - height)}" width="${width}" height="${height}"><title>${formatMs(stretch.wallMs)} at ${formatDuration(fromMs)}${cpu}${host}</title></rect>`;
}
