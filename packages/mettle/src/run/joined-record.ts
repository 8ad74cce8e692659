import type { BlockingRecord } from '../agent/protocol.ts';
import { blockingAtCallSites, joinBlocking } from '../derive/index.ts';
import type { Home } from '../derive/index.ts';
import { hotSources } from '../derive/hot-lines.ts';
import { quotePlaces } from '../derive/quoted-places.ts';
import { sampleCalls } from '../derive/sample-calls.ts';
import type { BlockingEvidence, EvidenceMap } from '../evidence/index.ts';
import type { FetchScripts, SourceLibrary } from './source-library.ts';

/** Joins what the agent recorded, at the places that people wrote. `library` keeps what was learnt on the way. */
export async function joinRecord(
  record: BlockingRecord,
  calls: BlockingEvidence['driverCalls'],
  {
    home,
    library,
    fetch,
  }: { readonly home: Home; readonly library: SourceLibrary; readonly fetch: FetchScripts | null },
): Promise<Pick<EvidenceMap, 'blocking' | 'cpuProfile' | 'sources'>> {
  await library.learnProfile(record.profile, fetch);
  const { profile, inferred, unplaced } = library.placeProfile(record.profile);
  const placed = { ...record, profile };
  const joined = joinBlocking(placed, calls, { home });
  const cpuProfile = { ...joined.cpuProfile, ...sampleCalls(placed) };
  const blocking = blockingAtCallSites(joined.blocking, library.textOf);
  return {
    blocking,
    cpuProfile,
    sources: {
      ...quotePlaces(hotSources(cpuProfile, library.textOf), blocking, { home, sourceOf: library.textOf }),
      inferred,
      unplaced,
    },
  };
}
