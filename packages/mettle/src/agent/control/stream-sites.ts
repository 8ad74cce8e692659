import type { Frame } from '../../evidence/index.ts';
import { fileName } from './file-names.ts';
import { currentLane } from './lane.ts';
import { callSite } from './sites.ts';
import { wrap } from './wrapping.ts';

/** Where each lane last made a stream of a file, which opens, reads and writes it later, with no code of the server's on the stack. */
const madeAt = new WeakMap<object, Map<string, Frame>>();

/** The line that made the lane's stream of this file; null when the running lane made none. */
export function streamSite(resource: string | null): Frame | null {
  return resource === null ? null : (madeAt.get(currentLane())?.get(resource) ?? null);
}

/** Notes where streams of files are made. */
export function noteStreamSites(): void {
  const fs = process.getBuiltinModule('node:fs');
  for (const name of ['createReadStream', 'createWriteStream'])
    wrap(
      fs,
      name,
      (original) =>
        function madeStream(this: unknown, ...args: unknown[]) {
          note(args[0]);
          return original.apply(this, args);
        },
    );
}

function note(path: unknown): void {
  const lane = currentLane();
  const site = lane.index >= 0 ? callSite() : null;
  const resource = fileName(path);
  if (site === null || resource === null) return;
  const sites = madeAt.get(lane) ?? new Map<string, Frame>();
  madeAt.set(lane, sites.set(resource, site));
}
