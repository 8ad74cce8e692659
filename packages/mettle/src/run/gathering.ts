import type { AgentChannel } from '../collect/index.ts';
import type { Home } from '../derive/index.ts';
import { quotePlaces } from '../derive/quoted-places.ts';
import type { Bundle, EvidenceKey, EvidenceMap } from '../evidence/index.ts';
import type { Session } from '../session/index.ts';
import { stdoutEvidence } from './facts.ts';
import type { LeakOutcome } from './leak/run-leak-stage.ts';
import type { RaceOutcome } from './race/race-stage.ts';
import type { ExaminationRequest } from './request.ts';
import type { FetchScripts, SourceLibrary } from './source-library.ts';

/** What a run gathers on its way. */
export interface Gathering {
  readonly request: ExaminationRequest;
  readonly evidence: Partial<EvidenceMap>;
  readonly notes: string[];
  absent: Readonly<Partial<Record<EvidenceKey, string>>>;
}

/** What stood on stdout, and what the sources say at all places that were found. */
export async function addStdout(
  gathering: Gathering,
  session: Session,
  channel: AgentChannel | null,
  {
    home,
    library,
    fetch,
  }: { readonly home: Home; readonly library: SourceLibrary; readonly fetch: FetchScripts | null },
): Promise<void> {
  const { evidence } = gathering;
  const stdout = stdoutEvidence(session, channel);
  if (stdout === null) {
    const why = 'stdout is not the channel of a server reached over HTTP';
    gathering.absent = { ...gathering.absent, stdout: why };
  } else {
    await library.learnStacks(stdout, fetch);
    evidence.stdout = library.placeStacks(stdout);
  }
  if (evidence.sources === undefined) return;
  const found = [evidence.overlap, evidence.stdout];
  evidence.sources = quotePlaces(evidence.sources, found, { home, sourceOf: library.textOf });
}

/** The evidence of the leak stage, or why there is none. */
export function keepLeak(gathering: Gathering, outcome: LeakOutcome): void {
  if (outcome.evidence === null) {
    gathering.absent = { ...gathering.absent, heapGrowth: outcome.why };
    return;
  }
  gathering.evidence.heapGrowth = outcome.evidence;
  gathering.notes.push(...outcome.notes.filter((note) => !gathering.notes.includes(note)));
}

/** The evidence of the race stage, or why there is none. */
export function keepRaceStage(gathering: Gathering, outcome: RaceOutcome): void {
  if (outcome.evidence === null) {
    gathering.absent = { ...gathering.absent, race: outcome.why };
    return;
  }
  gathering.evidence.race = outcome.evidence;
  gathering.notes.push(...outcome.notes.filter((note) => !gathering.notes.includes(note)));
}

/** Everything gathered, as a bundle. */
export function bundleOf({ request, evidence, notes, absent }: Gathering, startedAt: Date): Bundle {
  return {
    manifest: {
      schema: 'mettle/bundle@1',
      mettle: request.mettle,
      node: process.version,
      examination: request.examination,
      command: request.command,
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
      present: Object.keys(evidence) as EvidenceKey[],
      absent,
      notes,
    },
    evidence,
  };
}
