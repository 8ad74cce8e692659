import {
  Function as ProfileFunction,
  Label,
  Line,
  Location,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';
import type { CallTree } from '../../derive/call-tree.ts';
import { OUTSIDE_CALLS } from '../../derive/profile-frames.ts';

export interface PprofOptions {
  /** When the profile was taken, in ms since 1970; left out when unknown. */
  readonly takenAtEpochMs?: number;
  /** How long was profiled, waiting included: readers show the samples' time as a share of it. Default the samples' time. */
  readonly durationMs?: number;
  /** What one sample stands for. Default 1,000 µs, the collector's own. */
  readonly samplingIntervalUs?: number;
}

/**
 * The profile as pprof's protocol buffer, not yet compressed (readers take it gzipped or plain): sample types
 * `samples/count` and `cpu/nanoseconds`, and on each sample the label `tool`, so that
 * `go tool pprof -tagfocus tool=search` and Pyroscope tell tools apart. `cpu` is the name readers look for; the
 * time is that between samples, so on a starved machine it holds the waiting for a core as well.
 */
export function encodePprof(tree: CallTree, options: PprofOptions = {}): Uint8Array {
  const strings = new StringTable();
  const cpu = new ValueType({ type: strings.dedup('cpu'), unit: strings.dedup('nanoseconds') });
  const { functions, locations } = tables(tree, strings);
  const profile = new Profile({
    sampleType: [new ValueType({ type: strings.dedup('samples'), unit: strings.dedup('count') }), cpu],
    sample: samplesOf(tree, strings),
    location: locations,
    function: functions,
    stringTable: strings,
    // Beyond what a double holds exactly.
    timeNanos: BigInt(Math.round(options.takenAtEpochMs ?? 0)) * 1_000_000n,
    durationNanos:
      options.durationMs === undefined
        ? Math.round((tree.totalUs[0] ?? 0) * 1000)
        : Math.round(options.durationMs * 1e6),
    periodType: cpu,
    period: (options.samplingIntervalUs ?? 1000) * 1000,
  });
  return profile.encode();
}

/** Function and location of each frame, numbered from 1 as the format wants; of a function only its beginning is known. */
function tables(
  tree: CallTree,
  strings: StringTable,
): { functions: ProfileFunction[]; locations: Location[] } {
  const functions: ProfileFunction[] = [];
  const locations: Location[] = [];
  tree.frames.forEach((frame, i) => {
    if (frame.kind === 'subject') return;
    const name = strings.dedup(frame.name);
    functions.push(
      new ProfileFunction({
        id: i + 1,
        name,
        systemName: name,
        filename: strings.dedup(frame.file),
        startLine: frame.line,
      }),
    );
    locations.push(new Location({ id: i + 1, line: [new Line({ functionId: i + 1, line: frame.line })] }));
  });
  return { functions, locations };
}

function samplesOf(tree: CallTree, strings: StringTable): Sample[] {
  const samples: Sample[] = [];
  const key = strings.dedup('tool');
  for (const subject of tree.subjects) {
    const label = [
      new Label({ key, str: strings.dedup(subject.name === '' ? OUTSIDE_CALLS : subject.name) }),
    ];
    const end = tree.end[subject.node] as number;
    for (let i = subject.node; i < end; i++) {
      const count = tree.selfSamples[i] as number;
      if (count === 0) continue;
      const locationId: number[] = [];
      for (let up = i; up !== subject.node; up = tree.parent[up] as number)
        locationId.push((tree.frame[up] as number) + 1);
      samples.push(
        new Sample({ locationId, value: [count, Math.round((tree.selfUs[i] as number) * 1000)], label }),
      );
    }
  }
  return samples;
}
