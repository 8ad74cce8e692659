import type { CatalogueEvidence, EvidenceMap } from '../evidence/index.ts';
import { readCatalogue } from '../session/index.ts';
import type { Session } from '../session/index.ts';

/** Of a run, what a listing is read for and written to. */
interface Listener {
  readonly request: { readonly signal: AbortSignal };
  readonly evidence: Partial<EvidenceMap>;
  readonly notes: string[];
}

/**
 * What the server lists, kept as evidence; what could not be listed is noted, since it is not examined. Throws
 * TargetError for a server whose tools cannot be listed at all, and the signal's reason when that was aborted.
 */
export async function readListing(
  session: Session,
  { request, evidence, notes }: Listener,
): Promise<CatalogueEvidence> {
  const { catalogue } = await readCatalogue(session, {
    signal: request.signal,
    ...(evidence.reach === undefined ? {} : { reach: evidence.reach }),
  });
  evidence.catalogue = catalogue;
  notes.push(...listingNotes(catalogue));
  return catalogue;
}

/** A sentence for each listing that is not whole. */
export function listingNotes({ faults }: CatalogueEvidence): string[] {
  return faults.map(
    ({ method, message }) => `${method} is not whole, and what it lacks was not examined: ${message}.`,
  );
}
