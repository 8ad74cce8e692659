import type { CpuProfileEvidence } from '../evidence/index.ts';

type Profile = CpuProfileEvidence['profile'];

export interface ProfileResult {
  readonly profile: Profile;
  /** See BlockingRecord.profileOffsetUs. */
  readonly offsetUs: number;
}

const EMPTY: Profile = { nodes: [], startTime: 0, endTime: 0, samples: [], timeDeltas: [] };
/** V8 stamps the start within the call that starts it, which takes well under this even on a starved host. */
const START_TOLERANCE_US = 1e6;

const machineUs = (): number => Number(process.hrtime.bigint()) / 1e3;

/** Starts V8's sampling profiler; the returned function stops it. Without an inspector the profile is empty. */
export function startCpuProfile(samplingIntervalUs: number): () => ProfileResult {
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  try {
    session.connect();
  } catch {
    return () => ({ profile: EMPTY, offsetUs: 0 });
  }
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: samplingIntervalUs });
  const startedUs = machineUs();
  session.post('Profiler.start');
  return () => {
    let profile = EMPTY;
    // In-process sessions answer before post returns.
    session.post('Profiler.stop', (error, answer) => {
      if (error === null) profile = answer.profile as Profile;
    });
    session.post('Profiler.disable');
    session.disconnect();
    // V8 and process.hrtime read the same clock on Linux; where they do not, both starts are one moment.
    const difference = startedUs - profile.startTime;
    return { profile, offsetUs: Math.abs(difference) < START_TOLERANCE_US ? 0 : difference };
  };
}
