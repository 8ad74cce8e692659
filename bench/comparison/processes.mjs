/** Which process serves, what its main thread has used, and what was left behind. Linux: it reads /proc. */
import { readdirSync, readFileSync } from 'node:fs';

function field(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

const parentOf = (pid) => Number(field(pid, 'stat').split(') ').at(-1)?.split(' ')[1]);

/** Living processes that descend from one, itself among them. */
function familyOf(root) {
  const family = new Set([root]);
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > root);
  for (const pid of pids.toSorted((a, b) => a - b)) if (family.has(parentOf(pid))) family.add(pid);
  return [...family];
}

/** The process that runs the server's file: under a profiler, the last that was started with it. */
export function serverIn(root, file) {
  const serving = familyOf(root).filter((pid) => field(pid, 'cmdline').split('\0').includes(file));
  return serving.at(-1) ?? root;
}

export const isAlive = (pid) =>
  !['', 'Z'].includes(field(pid, 'stat').split(') ').at(-1)?.split(' ')[0] ?? '');

/** CPU time of the process's main thread in µs. */
export const mainThreadCpuUs = (pid) => Number(field(pid, `task/${pid}/schedstat`).split(' ')[0]) / 1000;
