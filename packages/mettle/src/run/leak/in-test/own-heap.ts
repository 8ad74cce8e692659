import { statSync } from 'node:fs';
import { HeapInspector } from '../../../agent/heap-inspector.ts';
import { readMemory } from '../../../agent/heap-memory.ts';
import { HeapObjects } from '../../../agent/heap-objects.ts';
import { readSampling, startSampling } from '../../../agent/heap-sampling.ts';
import { takeSnapshot } from '../../../agent/heap-snapshot.ts';
import { HeapTraps } from '../../../agent/heap-traps.ts';
import type { HeapRecording } from '../../../collect/index.ts';
import { openHeapFile } from '../../../collect/heap-file.ts';
import { memoryRoom } from '../../../collect/memory-room.ts';
import { fillForAMoment } from './filling.ts';
import type { Filling } from './filling.ts';

/** Looks into the heap of this very process, and leaves it as it was: traps and fillings are taken away again. */
export async function openOwnHeap(): Promise<HeapRecording> {
  const inspector = new HeapInspector();
  const objects = new HeapObjects(inspector);
  const traps = new HeapTraps();
  const fillings: Filling[] = [];
  const file = await openHeapFile(process.memoryUsage().heapUsed);
  return {
    memory: () => readMemory(),
    room: () => memoryRoom(process.pid),
    async snapshot({ numbers }, read) {
      const taken = takeSnapshot(file.path, numbers);
      try {
        return { ...taken, bytes: statSync(file.path).size, read: await read(file.path) };
      } finally {
        file.empty();
      }
    },
    watch: (watched) => objects.watch(watched),
    sizes: () => Promise.resolve(objects.sizes()),
    fields: (heapIds) => objects.fields(heapIds),
    functions: (heapIds) => objects.functions(heapIds),
    trap(indexes, resources) {
      if (resources) traps.followResources();
      return Promise.resolve(
        indexes.map((index) => {
          const object = objects.at(index);
          return object !== null && traps.add(index, object);
        }),
      );
    },
    trapped: () => Promise.resolve(traps.take()),
    fill(index, upTo) {
      const object = objects.at(index);
      if (object === null) return Promise.resolve(null);
      traps.remove(object);
      const filling = fillForAMoment(object, upTo);
      fillings.push(filling);
      return Promise.resolve(filling.size);
    },
    startSampling: (intervalBytes) => startSampling(inspector, intervalBytes),
    sampled: () => readSampling(inspector),
    async stop() {
      traps.removeAll();
      for (const filling of fillings) filling.undo();
      inspector.close();
      await file.remove();
    },
  };
}
