/*
 * A server whose one tool always does the same work. Runs of different days are compared by it: how much a target's
 * calls cost beside a call of this one, in the same minute on the same machine. Changing the work changes every saved
 * baseline: then YARDSTICK in run/bench/baseline must change as well.
 */
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';

const document = JSON.stringify(
  Array.from({ length: 60 }, (_, i) => ({ id: i, name: `item ${i}`, tags: ['a', 'b', String(i % 7)] })),
);

/** About a third each of a call: reading JSON, writing it, and work in native code. */
function work(): string {
  const items = JSON.parse(document) as { readonly id: number; readonly name: string }[];
  const text = JSON.stringify(items.toSorted((a, b) => b.id - a.id));
  return createHash('sha256').update(text.repeat(4)).digest('hex');
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
}

function answerTo({ method }: Message): Readonly<Record<string, unknown>> | null {
  switch (method) {
    case 'initialize':
      return {
        result: {
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: 'mettle-yardstick', version: '1' },
        },
      };
    case 'tools/list':
      return {
        result: {
          tools: [{ name: 'work', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }],
        },
      };
    case 'tools/call':
      return { result: { content: [{ type: 'text', text: work() }] } };
    default:
      return { error: { code: -32601, message: 'not known here' } };
  }
}

const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
lines.on('line', (line) => {
  const message = JSON.parse(line) as Message;
  if (message.id === undefined) return;
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answerTo(message) })}\n`);
});
lines.once('close', () => process.exit(0));
