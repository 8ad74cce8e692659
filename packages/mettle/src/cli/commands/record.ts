import { resolve } from 'node:path';
import { UsageError } from '../../evidence/index.ts';
import type { TargetSpec } from '../../evidence/index.ts';
import {
  createRedaction,
  Listener,
  proxyHttp,
  proxyStdio,
  Recorder,
  RecordingFile,
  startServer,
} from '../../record/index.ts';
import { withConfiguredTarget } from '../config-file.ts';
import { EXIT } from '../exit-codes.ts';
import { RECORD_HELP } from '../record-help.ts';
import type { Host } from '../host.ts';
import { numberOf, parseOptions } from '../options.ts';
import { targetOf } from '../target.ts';

const EXTRA = {
  redact: { type: 'string', multiple: true },
  port: { type: 'string' },
} as const;
const DEFAULT_FILE = 'mettle.workload.json';
/** What a client that kills us without warning can cost. */
const SAVE_EVERY_MS = 2000;

/**
 * `mettle record`: stands between a client and its server and keeps the calls as a workload. Over stdio it ends as the
 * server does, with its exit code, so that the client sees no difference.
 */
export async function recordCommand(argv: readonly string[], host: Host): Promise<number> {
  const typed = parseOptions(argv, EXTRA);
  if (typed.help) {
    host.stdout.write(RECORD_HELP);
    return EXIT.ok;
  }
  const options = await withConfiguredTarget(typed, host.cwd);
  if (options.positionals.length > 0)
    throw new UsageError(
      `mettle record takes a target, not "${options.positionals[0]}": mettle record -- node server.js.`,
    );
  const { spec, targetArguments } = await targetOf(options, host.cwd, host.env);
  const port = numberOf(
    '--port',
    options.extra['port'] as string | undefined,
    (n) => Number.isInteger(n) && n >= 0 && n <= 65_535,
    'a port from 0 to 65535',
  );
  const redaction = createRedaction((options.extra['redact'] ?? []) as readonly string[]);
  const file = await RecordingFile.open(resolve(host.cwd, options.out ?? DEFAULT_FILE));
  const nowMs = (): number => performance.now();
  const recorder = new Recorder(redaction, nowMs, new Date().toISOString(), (entry) =>
    file.journal.note(entry),
  );
  const listener = new Listener(recorder, nowMs);
  const saving = keepSaving(file, recorder);
  let code: number;
  try {
    code = await standBetween(spec, port ?? 0, listener, host, options.quiet);
  } finally {
    await listener.drained();
    clearInterval(saving);
    if (!recorder.isEmpty) await file.finish(recorder.recording());
  }
  if (!options.quiet) host.stderr.write(`mettle record: ${summary(recorder, file.path, targetArguments)}\n`);
  return code;
}

/** Until the server or, over HTTP, the person ends it; the exit code. */
async function standBetween(
  spec: TargetSpec,
  port: number,
  listener: Listener,
  host: Host,
  quiet: boolean,
): Promise<number> {
  if (spec.kind === 'module')
    throw new UsageError('mettle record stands between a client and a server: give a command or --http URL.');
  const env = { ...host.env, ...spec.env };
  if (spec.kind === 'stdio') {
    if (host.pipes === undefined) throw new Error('the host has no pipes');
    const { command, cwd } = spec;
    const { code, signal } = await proxyStdio({ command, cwd, env }, host.pipes, listener, host.signal);
    // As shells count a signal; the one that stopped us is no fault of the server's.
    return code ?? (host.signal.aborted || signal === 'SIGTERM' ? EXIT.ok : 1);
  }
  const target = new URL(spec.url);
  const server =
    spec.command === null ? null : await startServer({ command: spec.command, cwd: spec.cwd, env }, target);
  try {
    const proxy = await proxyHttp(target, port, listener, spec.headers);
    if (!quiet)
      host.stderr.write(
        `mettle record: give the client ${proxy.url} instead of ${target.origin}${target.pathname}; Ctrl-C ends the recording.\n`,
      );
    const over = new Promise<string>((done) => {
      if (host.signal.aborted) done('');
      host.signal.addEventListener('abort', () => done(''), { once: true });
    });
    const why = await Promise.race([over, ...(server === null ? [] : [server.ended])]);
    await proxy.close();
    if (why === '') return EXIT.ok;
    host.stderr.write(`mettle record: the server ended with ${why}.\n`);
    return EXIT.target;
  } finally {
    await server?.stop();
  }
}

/** Kept now and then, since clients end servers without asking. */
function keepSaving({ journal }: RecordingFile, { startedAt }: Recorder): NodeJS.Timeout {
  // A full disk is no reason to end a conversation; the end says what could not be written.
  const save = (): void => void journal.flush(startedAt, performance.now()).catch(() => undefined);
  return setInterval(save, SAVE_EVERY_MS).unref();
}

function summary(recorder: Recorder, path: string, targetArguments: string): string {
  if (recorder.isEmpty) return 'the client made no call, so nothing was written.';
  const { calls, recording } = recorder.recording();
  const subjects = new Set(calls.map(({ tool, method }) => tool ?? method)).size;
  const redacted =
    recording.redacted === 0
      ? ''
      : `; ${recording.redacted === 1 ? '1 value that looks like a secret was' : `${recording.redacted} values that look like secrets were`} left out`;
  const dropped =
    recording.dropped === 0
      ? ''
      : `; ${recording.dropped === 1 ? '1 message was' : `${recording.dropped} messages were`} too large to keep`;
  return `${recorder.size} calls of ${subjects} subjects kept in ${path}${redacted}${dropped}. Examine the server with them: mettle check --workload ${path} ${targetArguments}`;
}
