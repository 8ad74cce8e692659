import { createInterface } from 'node:readline/promises';
import type { Host } from './host.ts';

/** Whether somebody is there to be asked. */
export function canAsk(host: Host): boolean {
  const stdin = host.pipes?.stdin as { readonly isTTY?: boolean } | undefined;
  return host.stderr.isTerminal && stdin?.isTTY === true;
}

/** Asks on the terminal; anything but a yes is a no. Rejects when the user interrupts. */
export async function ask(host: Host, question: string): Promise<boolean> {
  const input = host.pipes?.stdin;
  if (input === undefined) return false;
  const lines = createInterface({ input });
  try {
    host.stderr.write(`${question} [y/N] `);
    // A closed input is a no, too.
    const closed = new Promise<string>((done) => void lines.once('close', () => done('')));
    const answer = await Promise.race([lines.question('', { signal: host.signal }), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
