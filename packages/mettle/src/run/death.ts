import { setTimeout as pause } from 'node:timers/promises';
import { lastWords } from '../session/index.ts';
import type { Session } from '../session/index.ts';

/** Of a server that runs elsewhere: tries, and the pause between two. One that restarts, or sheds load, answers one of them. */
const TRIES = 3;
const RETRY_MS = 500;
const ANSWER_MS = 10_000;

/** How the server ended, waiting for the news at most `patienceMs`; null while it lives. */
export async function deathOf(session: Session, during: string, patienceMs: number): Promise<string | null> {
  const { process } = session;
  if (process === null) return deathElsewhere(session, during);
  if (patienceMs > 0) await Promise.race([process.exited, pause(patienceMs)]);
  const { exit } = process;
  if (exit === null) return null;
  const how = exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
  return `The server died (${how}) while Mettle was ${during}${lastWords(process.stderrTail())}.`;
}

/** The end of a process that is not ours to see shows in that nothing answers any more; an error is an answer. */
async function deathElsewhere(session: Session, during: string): Promise<string | null> {
  let why = '';
  for (let tried = 0; tried < TRIES; tried++) {
    if (tried > 0) await pause(RETRY_MS);
    const reply = await session.request('ping', {}, { timeoutMs: ANSWER_MS });
    if (reply.outcome !== 'lost') return null;
    why = reply.message;
  }
  return `The server stopped answering while Mettle was ${during}: ${why}.`;
}
