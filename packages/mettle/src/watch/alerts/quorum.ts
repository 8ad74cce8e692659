import type { ProbeOutcome, ToolChange, ToolListing } from '../../evidence/index.ts';
import { compareListings } from '../probe/tool-listing.ts';
import { RAW_MS, type RegionStanding, type Standing, type TakenLook } from '../store/history.ts';
import { FIRST_STATE, judge, type AlertKind, type RegionState, type Turn } from './hysteresis.ts';

/** What a region last said of each matter: kept, since another region's look may be the one that tips the scale. */
interface RegionMemory {
  readonly state: RegionState;
  readonly said: Readonly<Partial<Record<AlertKind, string>>>;
  readonly last: ProbeOutcome;
  /** The newest slot that was looked at; none in what an older version remembered, or while the server was not watched. */
  readonly slotMs?: number;
}

/** All that must be remembered of a server to judge its next look. */
export interface ServerMemory {
  readonly downSinceMs: number | null;
  readonly isSlow: boolean;
  readonly isExpiring: boolean;
  /** Of the tool list that was last told of. */
  readonly digest: string | null;
  readonly regions: Readonly<Record<string, RegionMemory>>;
}

/** Who may say so, and how many must. */
export interface Voters {
  readonly alive: ReadonlySet<string>;
  /** As configured; null = more than half of those alive. */
  readonly quorum: number | null;
}

/** What a look changes. */
export interface Judgement {
  readonly memory: ServerMemory;
  readonly turns: readonly Turn[];
  readonly changes: readonly ToolChange[];
  /** The tool list to keep from now on; null = the one there is. */
  readonly listing: ToolListing | null;
}

const NOTHING: ServerMemory = {
  downSinceMs: null,
  isSlow: false,
  isExpiring: false,
  digest: null,
  regions: {},
};

/** A region that fell silent keeps its vote so long: starting it anew, or a machine that stood still, is no news of the server. */
const SILENT_INTERVALS = 2;

/** Those who may say so of a server: the regions alive, and those that looked at it not long ago. */
function withTheSilent(
  voters: Voters,
  regions: Readonly<Record<string, RegionMemory>>,
  intervalMs: number,
  atMs: number,
): Voters {
  const silent = Object.entries(regions).flatMap(([region, { last }]) =>
    atMs - Date.parse(last.startedAt) <= SILENT_INTERVALS * intervalMs ? [region] : [],
  );
  return { ...voters, alive: new Set([...voters.alive, ...silent]) };
}

/** How many of the regions alive must say so. More than there are cannot be asked for: then all of them must. */
function quorumOf({ alive, quorum }: Voters): number {
  return Math.max(1, Math.min(quorum ?? Math.floor(alive.size / 2) + 1, alive.size));
}

/** Whether the tool list of this look takes the place of the one kept, which is then needed to judge it. */
export function changesTools(
  memory: ServerMemory | null,
  { region, outcome }: TakenLook,
  voters: Voters,
): boolean {
  const digest = outcome.tools?.digest ?? null;
  if (digest === null || memory === null || memory.digest === null || memory.digest === digest) return false;
  const agree = [...voters.alive].filter(
    (each) => each === region || memory.regions[each]?.state.digest === digest,
  ).length;
  return agree >= quorumOf(voters);
}

/**
 * Judges a look: first as its region sees it, with the hysteresis of that region alone; then as the quorum of the regions
 * that vote does. With one region both are the same. An expiring certificate is no matter of votes: one that saw it is enough.
 */
export function judgeByQuorum(
  memory: ServerMemory = NOTHING,
  { server, region, slotMs, outcome }: TakenLook,
  voters: Voters,
  kept: ToolListing | null,
): Judgement {
  const before = memory.regions[region];
  const judged = judge(before?.state ?? FIRST_STATE, outcome, server);
  const atMs = Date.parse(outcome.startedAt);
  const regions: Record<string, RegionMemory> = {
    ...forgetLongGone(memory.regions, voters.alive, atMs),
    [region]: {
      state: judged.state,
      said: {
        ...before?.said,
        ...Object.fromEntries(judged.turns.map(({ kind, sentence }) => [kind, sentence])),
      },
      last: withoutTexts(outcome),
      slotMs: Math.max(before?.slotMs ?? 0, Math.round(slotMs)),
    },
  };
  const voting = withTheSilent(voters, regions, server.intervalMs, atMs);
  const vote = new Vote(regions, region, voting, judged.turns);
  const isDown = vote.on('down', memory.downSinceMs !== null, ({ down }) => down);
  const isSlow = vote.on('slow', memory.isSlow, ({ slow }) => slow);
  const isExpiring = vote.on(
    'certificate-expiring',
    memory.isExpiring,
    ({ certificateWarned }) => certificateWarned !== null,
    1,
  );
  const replaces = changesTools(memory, { server, region, outcome, slotMs }, voters);
  const listing = replaces || memory.digest === null ? outcome.tools : null;
  const changes =
    replaces && kept !== null && outcome.tools !== null ? compareListings(kept, outcome.tools) : [];
  return {
    memory: {
      downSinceMs: isDown ? (memory.downSinceMs ?? atMs) : null,
      isSlow,
      isExpiring,
      digest: listing?.digest ?? memory.digest,
      regions,
    },
    turns: [...vote.turns, ...toolTurns(changes)],
    changes,
    listing,
  };
}

class Vote {
  readonly turns: Turn[] = [];
  readonly #regions: Readonly<Record<string, RegionMemory>>;
  readonly #here: string;
  readonly #voters: Voters;
  readonly #hereTurns: readonly Turn[];

  constructor(
    regions: Readonly<Record<string, RegionMemory>>,
    here: string,
    voters: Voters,
    hereTurns: readonly Turn[],
  ) {
    this.#regions = regions;
    this.#here = here;
    this.#voters = voters;
    this.#hereTurns = hereTurns;
  }

  /**
   * Whether so many say so; what that turns is noted. Once they did, it is over when more than half say otherwise: a region
   * that is gone has not said so.
   */
  on(
    kind: AlertKind,
    before: boolean,
    says: (state: RegionState) => boolean,
    needed: number = quorumOf(this.#voters),
  ): boolean {
    const { alive } = this.#voters;
    const agree = [...alive].filter((each) => {
      const known = this.#regions[each];
      return known !== undefined && says(known.state);
    });
    const now = agree.length >= needed || (before && agree.length * 2 >= alive.size);
    if (now === before) return now;
    const sentence = this.#sentence(kind, now ? agree : [...alive].filter((each) => !agree.includes(each)));
    const of = `${String(agree.length)} of ${String(alive.size)} regions`;
    const who = alive.size === 1 ? '' : now ? `${of} (${agree.toSorted().join(', ')}): ` : `${of} left: `;
    this.turns.push({ kind, turn: now ? 'begins' : 'ends', sentence: `${who}${sentence}` });
    return now;
  }

  /** What the look at hand says of it, or what one of those who said so did. */
  #sentence(kind: AlertKind, who: readonly string[]): string {
    const here = this.#hereTurns.find((turn) => turn.kind === kind);
    if (here !== undefined) return here.sentence;
    const [first = this.#here] = who;
    const known = this.#regions[first];
    return known?.said[kind] ?? known?.last.sentence ?? this.#regions[this.#here]?.last.sentence ?? '';
  }
}

/** How a server stands, from what is remembered of it. */
export function standingOf(memory: ServerMemory, voters: Voters): Standing {
  const isDown = memory.downSinceMs !== null;
  const quorum = quorumOf(voters);
  const regions: RegionStanding[] = Object.entries(memory.regions)
    .map(([region, { state, last, slotMs = null }]) => ({
      region,
      isAlive: voters.alive.has(region),
      isDown: state.down,
      last,
      slotMs,
    }))
    .toSorted((a, b) => a.region.localeCompare(b.region));
  const voting = regions.some(({ isAlive }) => isAlive) ? regions.filter(({ isAlive }) => isAlive) : regions;
  const failing = voting.filter(({ last }) => last.status === 'down');
  const agreeing =
    failing.length >= quorum ||
    failing.length === voting.length ||
    (isDown && failing.length * 2 >= voting.length)
      ? failing
      : voting.filter(({ last }) => last.status !== 'down');
  const last = agreeing.reduce<ProbeOutcome | null>(
    (newest, { last: each }) => (newest === null || each.startedAt > newest.startedAt ? each : newest),
    null,
  );
  return { isDown, downSinceMs: memory.downSinceMs, quorum, regions, last };
}

/** The same of a server that was not watched for a while from a region: nothing was due there meanwhile. */
export function withoutSlot(memory: ServerMemory, region: string): ServerMemory {
  const known = memory.regions[region];
  if (known === undefined) return memory;
  const { slotMs: _slotMs, ...rest } = known;
  return { ...memory, regions: { ...memory.regions, [region]: rest } };
}

/** The texts of the tools are kept once, elsewhere; here the digest will do. What a program said is not kept at all. */
function withoutTexts(outcome: ProbeOutcome): ProbeOutcome {
  const { tools } = outcome;
  return { ...outcome, tools: tools === null ? null : { ...tools, tools: [] }, stderrTail: [] };
}

function forgetLongGone(
  regions: Readonly<Record<string, RegionMemory>>,
  alive: ReadonlySet<string>,
  nowMs: number,
): Readonly<Record<string, RegionMemory>> {
  return Object.fromEntries(
    Object.entries(regions).filter(
      ([region, { last }]) => alive.has(region) || nowMs - Date.parse(last.startedAt) < RAW_MS,
    ),
  );
}

function toolTurns(changes: readonly ToolChange[]): readonly Turn[] {
  if (changes.length === 0) return [];
  const shown = changes
    .slice(0, 5)
    .map(({ tool, kind }) => `${tool} (${kind})`)
    .join(', ');
  const more = changes.length > 5 ? ` and ${String(changes.length - 5)} more` : '';
  return [{ kind: 'tools-changed', turn: 'told', sentence: `The tool list has changed: ${shown}${more}.` }];
}
