import { cpus, loadavg, platform } from 'node:os';
import type { BlockingRecord, HeldLoop } from '../agent/protocol.ts';
import type { Home } from '../derive/index.ts';
import { isTool } from '../detect/finding.ts';
import type {
  BlockingEvidence,
  EvidenceMap,
  ExerciseEvidence,
  Stretch,
  TargetEvidence,
} from '../evidence/index.ts';
import { redactCommand } from '../evidence/index.ts';
import { joinRecord } from './joined-record.ts';
import type { FetchScripts, SourceLibrary } from './source-library.ts';

/** What the process says of itself. */
export interface ProcessFacts {
  readonly node: string;
  readonly cwd: string;
  readonly command: readonly string[];
  readonly via: 'stdio' | 'http';
}

/** What was recorded in a running process. */
export interface LateRecord {
  readonly record: BlockingRecord;
  /** The loop did not turn when the record was taken: its last slice goes on. */
  readonly stillHeld: boolean;
  readonly fetch: FetchScripts | null;
}

/** Readings of one moment by two clocks differ by less than this. */
const SAME_MOMENT_MS = 1;

/** Joins the record as that of a launched server; stretches that began before it or outlast it are marked so. */
export async function joinLateRecord(
  { record, stillHeld, fetch }: LateRecord,
  home: Home,
  library: SourceLibrary,
): Promise<Pick<EvidenceMap, 'blocking' | 'cpuProfile' | 'sources'>> {
  const first = firstStretch(record);
  const joined = await joinRecord(withSlice(record, first), [], { home, library, fetch });
  const endMs = record.startedAtMs + record.observedMs;
  const mark = (stretch: Stretch): Stretch => {
    const cutAtStart = stretch.startedAtMs === first?.startedAtMs;
    const cutAtEnd = stillHeld && stretch.startedAtMs + stretch.wallMs > endMs - SAME_MOMENT_MS;
    return cutAtStart || cutAtEnd
      ? { ...stretch, unseen: cutAtStart && cutAtEnd ? 'both' : cutAtStart ? 'start' : 'end' }
      : stretch;
  };
  const blocking = { ...joined.blocking, stretches: joined.blocking.stretches.map(mark) };
  return { ...joined, blocking };
}

/** What held the loop when Mettle came: until it turned, or until something was seen to run. */
function firstStretch({ untilFirstTurn, slices }: BlockingRecord): HeldLoop | null {
  if (untilFirstTurn === undefined) return null;
  const { startedAtMs, wallMs, cpuMs, hostDelayMs } = untilFirstTurn;
  const nextAtMs = slices.startedAtMs.reduce((earliest, atMs) => Math.min(earliest, atMs), Infinity);
  const seen = Math.min(1, Math.max(0, nextAtMs - startedAtMs) / wallMs);
  return {
    startedAtMs,
    wallMs: wallMs * seen,
    cpuMs: cpuMs * seen,
    hostDelayMs: hostDelayMs < 0 ? -1 : hostDelayMs * seen,
  };
}

function withSlice(record: BlockingRecord, slice: HeldLoop | null): BlockingRecord {
  if (slice === null) return record;
  const { slices } = record;
  return {
    ...record,
    slices: {
      subject: [...slices.subject, 0],
      call: [...slices.call, 0],
      startedAtMs: [...slices.startedAtMs, slice.startedAtMs],
      wallMs: [...slices.wallMs, slice.wallMs],
      cpuMs: [...slices.cpuMs, slice.cpuMs],
      hostDelayMs: [...slices.hostDelayMs, slice.hostDelayMs],
    },
  };
}

/** What clients called meanwhile. Replies are not read, so failed calls are not told apart. */
export function watchedCalls({
  subjects,
}: {
  readonly subjects: readonly Pick<BlockingEvidence['subjects'][number], 'name' | 'calls'>[];
}): ExerciseEvidence {
  return {
    subjects: subjects.map(({ name, calls }) => ({
      name,
      kind: isTool(name, undefined) ? 'tool' : 'method',
      exercised: true,
      reason: null,
      arguments: 'none',
      outcomes: { calls, errors: 0, errorKinds: {}, firstError: null },
    })),
  };
}

/** Who was attached to. */
export function attachedTarget(
  pid: number,
  facts: ProcessFacts,
  ...instruments: readonly ('blocking' | 'waiting' | 'memory')[]
): TargetEvidence {
  const { via } = facts;
  const command = redactCommand(facts.command);
  return {
    kind: via,
    command,
    url: null,
    cwd: facts.cwd,
    ...reproduction(via, command, facts.cwd),
    node: facts.node,
    server: null,
    protocolVersion: null,
    era: null,
    capabilities: {},
    sdk: null,
    agent: { attached: true, pid, node: facts.node, instruments, late: true },
    machine: {
      cores: cpus().length,
      platform: platform(),
      loadAverage1m: loadavg()[0] ?? 0,
      node: process.version,
    },
  };
}

/** Over stdio the same command can be started again; of an HTTP server the URL is not known, so it is found by its command. */
function reproduction(
  via: 'stdio' | 'http',
  command: readonly string[],
  cwd: string,
): Pick<TargetEvidence, 'targetArguments' | 'reproducedBy'> {
  if (via === 'stdio') return { targetArguments: `--cwd ${quoted(cwd)} -- ${command.map(quoted).join(' ')}` };
  const pattern = command
    .slice(-2)
    .join(' ')
    .replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return { targetArguments: `"$(pgrep -n -f ${quoted(pattern)})"`, reproducedBy: 'attach' };
}

function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** "watched for 10.0 s: 1,240 calls of 5 tools as clients made them". */
export function watchedSentence(exercise: ExerciseEvidence, durationMs: number): string {
  const tools = exercise.subjects.filter((subject) => subject.kind === 'tool');
  const calls = tools.reduce((sum, tool) => sum + (tool.outcomes?.calls ?? 0), 0);
  const others = exercise.subjects.length - tools.length;
  const besides = others === 0 ? '' : `, and of ${others} other ${others === 1 ? 'method' : 'methods'},`;
  return `Watched for ${(durationMs / 1000).toFixed(1)} s: ${calls.toLocaleString('en-US')} ${calls === 1 ? 'call' : 'calls'} of ${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}${besides} as clients made them; failed calls are not told apart.`;
}
