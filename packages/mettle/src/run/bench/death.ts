import type { BenchEvidence } from '../../evidence/index.ts';
import { lastWords, settlesWithin } from '../../session/index.ts';
import type { Session } from '../../session/index.ts';
import { describeEnd } from './last-words.ts';

/** Between a process's last message and the news of its end. */
const LAST_BREATH_MS = 2000;

/** How a server ended under the load, as a sentence; null when it lives. */
export async function deathOf(sessions: readonly Session[], bench: BenchEvidence): Promise<string | null> {
  // Hostile calls may kill it; their list says so.
  if (bench.adversarial !== null) return null;
  const lost = bench.blocks.some((block) => block.endedEarly?.includes('gone') === true);
  for (const { process } of sessions) {
    if (process === null) continue;
    if (lost) await settlesWithin(process.exited, LAST_BREATH_MS);
    const { exit } = process;
    if (exit === null) continue;
    return `The server died (${describeEnd(exit)}) under the benchmark's load${lastWords(process.stderrTail())}.`;
  }
  return lost ? 'The server stopped answering under the benchmark’s load.' : null;
}
