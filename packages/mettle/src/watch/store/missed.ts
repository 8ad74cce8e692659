import { HOUR_MS, type TakenLook } from './history.ts';

/*
 * No slot is lost without a trace: when a look is kept, the slots between it and the one kept before it are a gap, written down
 * in the same transaction. So kept and missed together are always what was due. A look that comes late fills its slot of a gap by
 * being there. Why a slot was missed is told apart from that it was: by a note of who passed it over, or by who was there to take it.
 */

/** What who passes a slot over says of it. */
const NOTED_REASONS = ['long-look', 'overload', 'redis-away', 'not-kept', 'cut-short'] as const;
export type NotedReason = (typeof NOTED_REASONS)[number];
/** `absent` and, of a killed process, `cut-short` are told by who was there; `unexplained` is what must not be. */
export type MissReason = NotedReason | 'absent' | 'unexplained';
export const MISS_REASONS: readonly MissReason[] = [...NOTED_REASONS, 'absent', 'unexplained'];

/** If one of these slots has no look, this is why. */
export interface Note {
  /** Null = every server that is looked at from there. */
  readonly server: string | null;
  readonly region: string;
  /** Both are of them. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: NotedReason;
}

/** Between two slots that were looked at. */
export interface Gap {
  readonly server: string;
  readonly region: string;
  readonly afterMs: number;
  readonly beforeMs: number;
  readonly everyMs: number;
  /** Slots within that were looked at late. */
  readonly late: readonly number[];
  /** No look has ended it yet: who passes its slots over may not know so far. */
  readonly isOpen: boolean;
}

/** From when to when a process was there to take looks, by the clock that slots go by. */
export interface Shift {
  readonly region: string;
  readonly sinceMs: number;
  /** The last sign that it gave, and until when that was good. */
  readonly signMs: number;
  readonly untilMs: number;
  /** It ended by itself; otherwise it was killed, or stands still. */
  readonly hasLeft: boolean;
}

/** Slots that were due and have no look. */
export interface Missed {
  readonly slots: number;
  readonly reasons: Readonly<Partial<Record<MissReason, number>>>;
  /** Oldest first; those that lack any are left out. */
  readonly hours: readonly { readonly hourMs: number; readonly slots: number }[];
}

export const NOTHING_MISSED: Missed = { slots: 0, reasons: {}, hours: [] };

/** What explains gaps, as things stand at a moment. */
export interface Evidence {
  readonly notes: readonly Note[];
  readonly shifts: readonly Shift[];
  readonly nowMs: number;
}

/** Where the slots of a server stood, seen from one region, when it was last looked at. */
export interface LastSlot {
  readonly slotMs?: number;
}

/** What was missed between the last look and this one; null = nothing, or the look is late itself. */
export function gapBefore(last: LastSlot | undefined, { server, region, slotMs }: TakenLook): Gap | null {
  const afterMs = last?.slotMs;
  if (afterMs === undefined) return null;
  const gap = {
    server: server.name,
    region,
    afterMs,
    beforeMs: Math.round(slotMs),
    everyMs: Math.round(server.intervalMs),
    late: [],
    isOpen: false,
  };
  return slotsOf(gap) > 0 ? gap : null;
}

/** What is missing since the last look, as things stand; a slot is not missed while a look of it may be under way. */
export function openGap(
  server: { readonly name: string; readonly intervalMs: number; readonly timeoutMs: number },
  region: string,
  slotMs: number,
  nowMs: number,
): Gap | null {
  const everyMs = Math.round(server.intervalMs);
  const horizonMs = nowMs - Math.max(everyMs, server.timeoutMs);
  const slots = Math.floor((horizonMs - slotMs) / everyMs);
  if (slots < 1) return null;
  const beforeMs = slotMs + (slots + 1) * everyMs;
  return { server: server.name, region, afterMs: slotMs, beforeMs, everyMs, late: [], isOpen: true };
}

/** Slots are reckoned back from the look that ended the gap. Beats of a watcher that was started anew need not fall on them. */
function slotsOf({ afterMs, beforeMs, everyMs }: Gap): number {
  return Math.max(0, Math.round((beforeMs - afterMs) / everyMs) - 1);
}

/** What was missed of each server from a time on. */
export function missedOf(
  gaps: readonly Gap[],
  evidence: Evidence,
  sinceMs: number,
): ReadonlyMap<string, Missed> {
  const tallies = new Map<string, Tally>();
  for (const gap of gaps) {
    const tally = tallies.get(gap.server) ?? new Tally();
    tallies.set(gap.server, tally);
    addGap(tally, gap, evidence, sinceMs);
  }
  return new Map(
    [...tallies].flatMap(([server, tally]) => (tally.slots === 0 ? [] : [[server, tally.missed()] as const])),
  );
}

/** The sum over servers. */
export function allMissed(parts: Iterable<Missed>): Missed {
  const tally = new Tally();
  for (const { reasons, hours } of parts) {
    for (const [reason, slots] of Object.entries(reasons)) tally.addReason(reason as MissReason, slots);
    for (const { hourMs, slots } of hours) tally.addHour(hourMs, slots);
  }
  return tally.missed();
}

class Tally {
  slots = 0;
  readonly #reasons: Map<MissReason, number> = new Map();
  readonly #hours: Map<number, number> = new Map();

  addReason(reason: MissReason, slots: number): void {
    this.slots += slots;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + slots);
  }

  addHour(hourMs: number, slots: number): void {
    this.#hours.set(hourMs, (this.#hours.get(hourMs) ?? 0) + slots);
  }

  missed(): Missed {
    return {
      slots: this.slots,
      reasons: Object.fromEntries([...this.#reasons].toSorted(([, a], [, b]) => b - a)),
      hours: [...this.#hours].toSorted(([a], [b]) => a - b).map(([hourMs, slots]) => ({ hourMs, slots })),
    };
  }
}

/** A gap may be as long as a watcher was away: it is reckoned in pieces within which everything is the same, not slot by slot. */
function addGap(tally: Tally, gap: Gap, { notes, shifts, nowMs }: Evidence, sinceMs: number): void {
  const first = Math.max(sinceMs, gap.beforeMs - slotsOf(gap) * gap.everyMs);
  const here = {
    notes: notes.filter(
      ({ server, region, fromMs, toMs }) =>
        region === gap.region &&
        (server === null || server === gap.server) &&
        fromMs < gap.beforeMs &&
        toMs > gap.afterMs,
    ),
    shifts: shifts.filter(({ region }) => region === gap.region),
    nowMs,
  };
  const edges = [
    ...here.notes.flatMap(({ fromMs, toMs }) => [fromMs, toMs + 1]),
    ...here.shifts.flatMap((shift) => [shift.sinceMs, cutFrom(shift), shift.untilMs + 1]),
  ].filter((edge) => edge > first && edge < gap.beforeMs);
  for (let hour = Math.floor(first / HOUR_MS) * HOUR_MS + HOUR_MS; hour < gap.beforeMs; hour += HOUR_MS)
    edges.push(hour);
  const bounds = [...new Set([first, ...edges, gap.beforeMs])].toSorted((a, b) => a - b);
  for (const [i, from] of bounds.slice(0, -1).entries()) {
    const slots = missingWithin(gap, from, bounds[i + 1] ?? gap.beforeMs);
    if (slots === 0) continue;
    const reason = reasonAt(from, here);
    tally.addReason(reason === 'unexplained' && gap.isOpen ? 'overload' : reason, slots);
    tally.addHour(Math.floor(from / HOUR_MS) * HOUR_MS, slots);
  }
}

/** Slots from one moment up to another that have no look. */
function missingWithin(gap: Gap, fromMs: number, toMs: number): number {
  const { beforeMs, everyMs, late } = gap;
  const nearest = Math.max(1, Math.floor((beforeMs - toMs) / everyMs) + 1);
  const farthest = Math.min(slotsOf(gap), Math.floor((beforeMs - fromMs) / everyMs));
  const looked = late.filter((slot) => slot >= fromMs && slot < toMs).length;
  return Math.max(0, farthest - nearest + 1 - looked);
}

function reasonAt(atMs: number, { notes, shifts, nowMs }: Evidence): MissReason {
  // What is said of one server is nearer than what is said of all.
  const said = notes
    .filter(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs)
    .toSorted((a, b) => Number(a.server === null) - Number(b.server === null));
  if (said[0] !== undefined) return said[0].reason;
  const isCut = shifts.some(
    (shift) => !shift.hasLeft && shift.untilMs < nowMs && cutFrom(shift) <= atMs && atMs <= shift.untilMs,
  );
  if (isCut) return 'cut-short';
  return shifts.some(({ sinceMs, untilMs }) => sinceMs <= atMs && atMs <= untilMs) ? 'unexplained' : 'absent';
}

/** A process that was killed took along what it had in hand: slots of about the time that its sign of life was good for. */
function cutFrom({ signMs, untilMs }: Shift): number {
  return signMs - (untilMs - signMs);
}
