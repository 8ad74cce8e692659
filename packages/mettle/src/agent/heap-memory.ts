import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { collectGarbage } from './garbage.ts';
import type { HeapMemory, MemoryFigures } from './heap-protocol.ts';

/** Collects all garbage that there is, and reads what is left; what finalizers let go of is collected too. */
export async function readMemory(): Promise<HeapMemory> {
  const before = readFigures();
  const first = collected();
  // Finalizers run in a turn of their own, and free what the second collection takes.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  const second = collected();
  return {
    atMs: Number(process.hrtime.bigint()) / 1e6,
    before,
    after: readFigures(),
    collectionCpuMs: Math.min(first, second),
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    resources: withChildren(countBy(process.getActiveResourcesInfo())),
    descriptors: readDescriptors(),
  };
}

/** Collects all garbage; what CPU that took, ms. */
function collected(): number {
  const before = process.cpuUsage();
  collectGarbage();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function readFigures(): MemoryFigures {
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  // What V8 has reserved (`heapTotal`) is resident only once it was used: a young generation that grows would look like
  // megabytes given back, and like megabytes taken as it fills.
  const { total_physical_size: heapResident } = getHeapStatistics();
  return {
    heapUsedBytes: heapUsed,
    externalBytes: external,
    arrayBuffersBytes: arrayBuffers,
    rssBytes: rss,
    nativeBytes: rss - heapResident - external,
  };
}

/** Node's name of a child process. */
const CHILD = 'ProcessWrap';

/** Node does not count a child that is not to keep the process alive (`child.unref()`); the kernel does. */
function withChildren(resources: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const children = countChildren();
  return children <= (resources[CHILD] ?? 0) ? resources : { ...resources, [CHILD]: children };
}

/** 0 where the kernel does not tell. */
function countChildren(): number {
  let count = 0;
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      const children = readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim();
      count += children === '' ? 0 : children.split(' ').length;
    }
  } catch {
    // No /proc, or a thread that ended as it was asked.
  }
  return count;
}

function readDescriptors(): HeapMemory['descriptors'] {
  let names: string[];
  try {
    names = readdirSync('/proc/self/fd');
  } catch {
    return null;
  }
  const kinds: string[] = [];
  for (const name of names) {
    try {
      // `socket:[123]`, `pipe:[4]`, `anon_inode:[eventfd]`, or a path.
      const link = readlinkSync(`/proc/self/fd/${name}`);
      kinds.push(link.startsWith('/') ? 'file' : link.replace(/:\[(?!\D).*$/, ''));
    } catch {
      // The descriptor by which the folder itself was read.
    }
  }
  return countBy(kinds);
}

function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
