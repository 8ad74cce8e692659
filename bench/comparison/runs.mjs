/** One server, one profiler, one look: each gives plain figures and what the output named. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NO_OP_SERVER } from './cases.mjs';
import { openSession } from './client.mjs';
import { isAlive, mainThreadCpuUs, serverIn } from './processes.mjs';
import { bin } from './profilers.mjs';
import { namesIn, readMettle } from './readings.mjs';

const seconds = (ms) => Math.round(ms / 100) / 10;

function freshFolder(...parts) {
  const folder = join(...parts);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The server without any profiler: what the calls take by themselves. */
export async function runBare(home, sick) {
  const session = await openSession([process.execPath, sick.file], {
    cwd: freshFolder(home, 'runs', 'bare', sick.name),
  });
  const startedAt = performance.now();
  const failed = await session.callAll(sick.calls);
  const loadSeconds = seconds(performance.now() - startedAt);
  await session.end('stdin');
  return { loadSeconds, failed };
}

/** The server under a profiler; `how` the session ends: 'stdin' as a client does, or a signal to what was started. */
export async function runProfiled(home, profiler, folder, sick, how = 'stdin') {
  const cwd = freshFolder(home, 'runs', profiler.id, `${sick.name}-${how}`);
  const session = await openSession(profiler.command(folder, sick.file), { cwd, env: profiler.env });
  try {
    const startedAt = performance.now();
    const failed = await session.callAll(sick.calls);
    const loadSeconds = seconds(performance.now() - startedAt);
    const server = serverIn(session.child.pid, sick.file);
    const ended = session.end(how === 'stdin' ? how : { pid: session.child.pid, signal: how });
    await session.exited;
    const orphan = isAlive(server);
    const { outcome, ms } = await ended;
    const reading = profiler.read(cwd, folder);
    return {
      failed,
      loadSeconds,
      reportSeconds: seconds(ms),
      outcome,
      orphan,
      strayLines: session.stray.length,
      names: namesIn(reading, sick),
      hottest: reading?.hottest,
      verdict: reading?.verdict,
    };
  } finally {
    session.destroy();
  }
}

async function runMettle(folder, args, cwd) {
  const child = spawn(bin(folder, 'mettle'), args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  const watching = new Promise((resolve) => {
    child.stderr.on('data', () => stderr.includes('watching process') && resolve());
    child.on('exit', resolve);
  });
  const exited = once(child, 'exit').then(([code]) => ({ code, stderr }));
  return { child, watching, exited };
}

/** Half of what is usual: these servers have one to three tools. */
const BUDGET_SECONDS = 30;

/** `mettle profile` or `mettle check`: Mettle makes its own calls. */
export async function runOwnLoad(home, folder, sick, command) {
  const cwd = freshFolder(home, 'runs', `mettle-${command}`, sick.name);
  const startedAt = performance.now();
  const { exited } = await runMettle(
    folder,
    [
      command,
      '--quiet',
      '--budget',
      String(BUDGET_SECONDS),
      '--format',
      'json',
      '--format',
      'html',
      '--out',
      'out',
      '--',
      process.execPath,
      sick.file,
    ],
    cwd,
  );
  const { code } = await exited;
  const reading = readMettle(join(cwd, 'out'));
  return {
    wholeSeconds: seconds(performance.now() - startedAt),
    outcome: code,
    names: namesIn(reading, sick),
    verdict: reading?.verdict,
    fixes: reading?.fixes,
  };
}

/** `mettle attach` while the same calls are made that the other profilers got. */
export async function runAttached(home, folder, sick) {
  const cwd = freshFolder(home, 'runs', 'mettle-attach', sick.name);
  const session = await openSession([process.execPath, sick.file], { cwd });
  try {
    const mettle = await runMettle(
      folder,
      ['attach', String(session.child.pid), '--seconds', '60', '--format', 'json', '--out', 'out'],
      cwd,
    );
    await mettle.watching;
    const startedAt = performance.now();
    const failed = await session.callAll(sick.calls);
    const loadSeconds = seconds(performance.now() - startedAt);
    const endedAt = performance.now();
    mettle.child.kill('SIGINT');
    const { code } = await mettle.exited;
    const reportSeconds = seconds(performance.now() - endedAt);
    const { outcome } = await session.end('stdin');
    const reading = readMettle(join(cwd, 'out'));
    return {
      failed,
      loadSeconds,
      reportSeconds,
      outcome: `${code}, server ${outcome}`,
      strayLines: session.stray.length,
      names: namesIn(reading, sick),
      verdict: reading?.verdict,
    };
  } finally {
    session.destroy();
  }
}

const WARM_UP = 2000;
const MEASURED = 4000;
const nothing = (count) => Array.from({ length: count }, () => ({ name: 'nothing', arguments: {} }));

/** Main-thread CPU of a call that does nothing, in µs, bare, under a profiler, or with Mettle attached (`mettle`: its folder). */
export async function costOfNothing(home, command, { env, mettle } = {}) {
  const cwd = freshFolder(home, 'runs', 'cost');
  const session = await openSession(command, { cwd, env });
  try {
    await session.callAll(nothing(WARM_UP));
    const server = serverIn(session.child.pid, NO_OP_SERVER);
    let attached = null;
    if (mettle !== undefined) {
      const args = ['attach', String(server), '--seconds', '60', '--format', 'json', '--out', 'out'];
      attached = await runMettle(mettle, args, cwd);
      await attached.watching;
    }
    // The instrument's own start is not the cost of a call.
    await session.callAll(nothing(WARM_UP / 4));
    const before = mainThreadCpuUs(server);
    await session.callAll(nothing(MEASURED));
    const us = (mainThreadCpuUs(server) - before) / MEASURED;
    attached?.child.kill('SIGINT');
    await attached?.exited;
    return us;
  } finally {
    session.destroy();
  }
}
