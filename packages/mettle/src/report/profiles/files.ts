import { buildCallTree } from '../../derive/call-tree.ts';
import { homeOf } from '../../derive/frames.ts';
import type { Bundle } from '../../evidence/index.ts';
import { renderCpuProfile } from './cpuprofile.ts';
import { renderFoldedStacks } from './folded.ts';
import { encodePprof } from './pprof.ts';

/** A profile in a form that other tools read. */
export interface ProfileFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** pprof files are gzipped by convention; the writer does it. */
  readonly gzip: boolean;
}

/** The bundle's CPU profile as Chrome DevTools, pprof and flame-graph scripts read it; none when nothing was profiled. */
export function profileFiles(bundle: Bundle): readonly ProfileFile[] {
  const { cpuProfile, target } = bundle.evidence;
  if (cpuProfile === undefined) return [];
  const { startTime, endTime } = cpuProfile.profile;
  const tree = buildCallTree(cpuProfile, target === undefined ? {} : { home: homeOf(target) });
  return [
    { name: 'profile.cpuprofile', content: renderCpuProfile(cpuProfile), gzip: false },
    { name: 'profile.folded', content: renderFoldedStacks(tree), gzip: false },
    {
      name: 'profile.pb.gz',
      content: encodePprof(tree, {
        takenAtEpochMs: Date.parse(bundle.manifest.startedAt),
        durationMs: (endTime - startTime) / 1000,
      }),
      gzip: true,
    },
  ];
}
