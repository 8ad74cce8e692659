import { agentEnvironment } from '../../../agent/location.ts';
import { collectBlocking, openAgentChannel } from '../../../collect/index.ts';
import { homeOf } from '../../../derive/index.ts';
import type { ProfiledSide, TargetSpec } from '../../../evidence/index.ts';
import { monotonicMs } from '../../../session/index.ts';
import { joinRecord } from '../../joined-record.ts';
import { SourceLibrary } from '../../source-library.ts';
import { openSide, type SideOptions } from './open-side.ts';

/** The agent is only a socket away once the handshake is done. */
const AGENT_PATIENCE_MS = 2000;
/** Enough that the samples are not of an idle process, few enough for any server. */
const AT_ONCE = 4;
/** Calls that one after the other would take longer than the time for the profile are too few for one. */
const LEAST_CALLS = 3;

/**
 * Profiles a fresh, warm process of one version, each subject called as often as the next. Null where no agent of ours
 * can be inside, such as behind a URL. No figure of the comparison is taken from it.
 */
export async function profileSide(
  spec: TargetSpec,
  options: SideOptions,
  { warmUpMs, profileMs }: { readonly warmUpMs: number; readonly profileMs: number },
): Promise<ProfiledSide | null> {
  if (spec.kind === 'http' && spec.command === null) return null;
  const channel = await openAgentChannel();
  try {
    const extraEnv = agentEnvironment({
      socketPath: channel.socketPath,
      inheritedNodeOptions: spec.env['NODE_OPTIONS'] ?? process.env['NODE_OPTIONS'],
      exitWithMettle: true,
    });
    const side = await openSide(spec, { ...options, extraEnv }, warmUpMs);
    try {
      const agent = await channel.serving(AGENT_PATIENCE_MS);
      if (agent === null || side.sources.length === 0) return null;
      const recording = await collectBlocking.start(agent);
      const calls: Record<string, number> = {};
      const untilMs = monotonicMs() + profileMs;
      const { context } = side;
      for (let i = 0; (i < LEAST_CALLS || monotonicMs() < untilMs) && !options.signal.aborted; i++) {
        for (const source of side.sources) {
          await Promise.all(
            Array.from({ length: AT_ONCE }, (_, k) => {
              const { method, params } = source.call(i * AT_ONCE + k);
              return context.session.request(method, params, { timeoutMs: context.callTimeoutMs });
            }),
          );
          calls[source.subject.name] = (calls[source.subject.name] ?? 0) + AT_ONCE;
        }
      }
      const record = await recording.stop();
      const command = spec.kind === 'module' ? null : spec.command;
      const home = homeOf({ cwd: spec.cwd, command });
      const { cpuProfile } = await joinRecord(record, [], {
        home,
        library: new SourceLibrary(home),
        fetch: null,
      });
      return { cwd: spec.cwd, command, calls, cpuProfile };
    } finally {
      await side.close();
    }
  } finally {
    await channel.close();
  }
}
