import { statSync } from 'node:fs';
import type {
  HeapMemory,
  NumberField,
  SampledSite,
  Sizes,
  SnapshotTaken,
  TrappedGrowth,
  WatchedObject,
} from '../../agent/heap-protocol.ts';
import type { ServingAgent } from '../channel.ts';
import { openHeapFile } from '../heap-file.ts';
import { memoryRoom } from '../memory-room.ts';
import type { MemoryRoom } from '../memory-room.ts';

export type { HeapMemory, NumberField, SampledSite, Sizes, TrappedGrowth, WatchedObject };

/** A look into the heap of a server that Mettle started for it and kills afterwards. */
export interface HeapRecording {
  /** Garbage is collected first. */
  memory(): Promise<HeapMemory>;
  room(): MemoryRoom;
  /** Takes a snapshot, has `read` read its file, and empties that. */
  snapshot<T>(
    options: { readonly numbers: boolean },
    read: (file: string) => Promise<T>,
  ): Promise<SnapshotTaken & { readonly bytes: number; readonly read: T }>;
  watch(objects: readonly WatchedObject[]): Promise<Sizes>;
  sizes(): Promise<Sizes>;
  fields(heapIds: readonly number[]): Promise<readonly (readonly NumberField[])[]>;
  functions(heapIds: readonly number[]): Promise<readonly (string | null)[]>;
  trap(objects: readonly number[], resources: boolean): Promise<readonly boolean[]>;
  trapped(): Promise<readonly TrappedGrowth[]>;
  fill(object: number, upTo: number): Promise<number | null>;
  startSampling(intervalBytes: number): Promise<void>;
  sampled(): Promise<readonly SampledSite[]>;
  /** Removes the file. The agent goes with its server. */
  stop(): Promise<void>;
}

/** What a server's heap holds more of with each call. */
export const collectHeapGrowth = {
  key: 'heapGrowth',
  disturbance: 'stop-the-world',
  async start(agent: ServingAgent): Promise<HeapRecording> {
    const { heapUsedBytes } = (await agent.heap({ ask: 'memory' })).after;
    const file = await openHeapFile(heapUsedBytes);
    return {
      memory: () => agent.heap({ ask: 'memory' }),
      room: () => memoryRoom(agent.pid),
      async snapshot({ numbers }, read) {
        const taken = await agent.heap({ ask: 'snapshot', file: file.path, numbers });
        try {
          const bytes = statSync(file.path).size;
          return { ...taken, bytes, read: await read(file.path) };
        } finally {
          file.empty();
        }
      },
      watch: (objects) => agent.heap({ ask: 'watch', objects }),
      sizes: () => agent.heap({ ask: 'sizes' }),
      fields: (heapIds) => agent.heap({ ask: 'fields', heapIds }),
      functions: (heapIds) => agent.heap({ ask: 'functions', heapIds }),
      trap: (objects, resources) => agent.heap({ ask: 'trap', objects, resources }),
      trapped: () => agent.heap({ ask: 'trapped' }),
      fill: (object, upTo) => agent.heap({ ask: 'fill', object, upTo }),
      async startSampling(intervalBytes) {
        await agent.heap({ ask: 'sampling', intervalBytes });
      },
      sampled: () => agent.heap({ ask: 'sampling', intervalBytes: null }),
      stop: () => file.remove(),
    };
  },
} as const;
