/*
 * The process behind `mettle bench --module FILE#EXPORT`: imports the user's file and calls its server in this process,
 * over a transport in memory. Reads one plan from stdin, writes marked lines to stdout.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { RESULT_MARK, type InProcessLine, type InProcessPlan } from './module-bench-protocol.ts';
import { loadModule, serveBothEras, serverIn } from './module-exports.ts';
import { connectFetch, MemoryTransport } from './module-memory-transport.ts';
import { StepClock } from './module-step-clock.ts';
import { timeSubject } from './module-timed-calls.ts';

const write = process.stdout.write.bind(process.stdout);
// What the module prints is not ours to read.
process.stdout.write = process.stderr.write.bind(process.stderr);

function tell(line: InProcessLine): void {
  write(`${RESULT_MARK}${JSON.stringify(line)}\n`);
}

async function connect(era: '2025' | '2026', steps: StepClock): Promise<MemoryTransport> {
  const [file = '', name = ''] = process.argv.slice(2);
  const loaded = await loadModule(file, name);
  const { served, factory } = loaded;
  const transport = new MemoryTransport(era);
  tell({ kind: 'ready', node: process.version, jsonWithin: served.kind === 'fetch' });
  if (served.kind === 'fetch') {
    connectFetch(served.handler, transport);
    return transport;
  }
  const serveStdio = factory === null ? null : await serveBothEras(loaded);
  if (serveStdio === null || factory === null) {
    steps.attach(served.server);
    await served.server.connect(transport);
    return transport;
  }
  serveStdio(
    async () => {
      const server = serverIn(await factory());
      steps.attach(server);
      return server;
    },
    { transport },
  );
  return transport;
}

async function run(plan: InProcessPlan): Promise<void> {
  const steps = new StepClock();
  const transport = await connect(plan.era, steps);
  const fault = await transport.open();
  if (fault !== null) {
    tell({ kind: 'fault', message: fault });
    return;
  }
  for (const { method, params } of plan.setup) await transport.request(method, params);
  let leftMs = plan.budgetMs;
  for (const [i, subject] of plan.subjects.entries()) {
    const startedMs = performance.now();
    const result = await timeSubject(transport, steps, subject, {
      ...plan,
      // What a quick tool leaves, the slow ones have.
      budgetMs: leftMs / (plan.subjects.length - i),
      onProgress: (calls) => tell({ kind: 'progress', subject: subject.name, calls }),
    });
    leftMs -= performance.now() - startedMs;
    tell({ kind: 'subject', subject: result });
  }
  tell({ kind: 'done' });
}

const lines = createInterface({ input: process.stdin });
const [line] = (await once(lines, 'line')) as [string];
lines.close();
await run(JSON.parse(line) as InProcessPlan);
write('', () => process.exit(0));
