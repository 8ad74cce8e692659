import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TargetSpec } from '../../../evidence/index.ts';
import { environmentHere, type Baseline } from './baseline-file.ts';

/** The server of known work, as a version to run beside the target. */
export function yardstickSpec(): TargetSpec {
  // Run from source (as tests do), it still has to be JavaScript: the built one.
  const fromSource = extname(fileURLToPath(import.meta.url)) === '.ts';
  const file = new URL(
    fromSource ? '../../../../dist/session/yardstick-server.js' : '../../../session/yardstick-server.js',
    import.meta.url,
  );
  return { kind: 'stdio', command: [process.execPath, fileURLToPath(file)], env: {}, cwd: process.cwd() };
}

/** What must be said of figures that were taken on another day, perhaps elsewhere. */
export function caveatsOf(baseline: Baseline): readonly string[] {
  const here = environmentHere();
  const then = baseline.environment;
  const when = baseline.savedAt.slice(0, 10);
  const differing = (['cpu', 'cores', 'arch', 'platform', 'node'] as const).filter(
    (name) => here[name] !== then[name],
  );
  return [
    `The baseline is of ${when}. Times of another day prove nothing, so what is judged are two ratios, each taken within one run: CPU per call, and latency, to a yardstick (a server of known work) that ran beside the target then and now. A difference counts from 10 % on.`,
    ...(differing.length === 0
      ? []
      : [
          `Not the same machine or Node.js: ${differing.map((name) => `${name} was ${String(then[name])}, is ${String(here[name])}`).join('; ')}. The yardstick takes out what is faster or slower for all code alike, not what is so for some.`,
        ]),
    ...(baseline.commit === null
      ? [
          'The baseline names no commit (there were changes when it was saved), so the old version could not be run again beside the new one, which would tell more.',
        ]
      : []),
  ];
}
