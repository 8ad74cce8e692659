import { fill } from './heap-fill.ts';
import { HeapInspector } from './heap-inspector.ts';
import { readMemory } from './heap-memory.ts';
import { HeapObjects } from './heap-objects.ts';
import type { HeapAnswers, HeapRequest } from './heap-protocol.ts';
import { readSampling, startSampling } from './heap-sampling.ts';
import { takeSnapshot } from './heap-snapshot.ts';
import { HeapTraps } from './heap-traps.ts';

/** Answers what Mettle asks about the heap. Opens the inspector when first asked. */
export class HeapCommands {
  readonly #inspector = new HeapInspector();
  readonly #objects = new HeapObjects(this.#inspector);
  readonly #traps = new HeapTraps();
  #sampling = false;

  async answer(request: HeapRequest): Promise<HeapAnswers[HeapRequest['ask']]> {
    switch (request.ask) {
      case 'memory':
        return readMemory();
      case 'snapshot':
        return takeSnapshot(request.file, request.numbers);
      case 'watch':
        return this.#objects.watch(request.objects);
      case 'sizes':
        return this.#objects.sizes();
      case 'fields':
        return this.#objects.fields(request.heapIds);
      case 'functions':
        return this.#objects.functions(request.heapIds);
      case 'trap':
        return this.#trap(request.objects, request.resources);
      case 'trapped':
        return this.#traps.take();
      case 'fill': {
        const object = this.#objects.at(request.object);
        if (object === null) return null;
        this.#traps.remove(object);
        return fill(object, request.upTo);
      }
      case 'sampling':
        return this.#sample(request.intervalBytes);
    }
  }

  stop(): void {
    this.#traps.stop();
    this.#inspector.close();
  }

  #trap(indexes: readonly number[], resources: boolean): readonly boolean[] {
    if (resources) this.#traps.followResources();
    return indexes.map((index) => {
      const object = this.#objects.at(index);
      return object !== null && this.#traps.add(index, object);
    });
  }

  async #sample(intervalBytes: number | null): Promise<HeapAnswers['sampling']> {
    if (intervalBytes !== null && !this.#sampling) {
      await startSampling(this.#inspector, intervalBytes);
      this.#sampling = true;
      return [];
    }
    return this.#sampling ? readSampling(this.#inspector) : [];
  }
}
