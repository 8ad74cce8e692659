import type { WatchConfig } from '../config/config.ts';
import { EmbeddedEngine } from './embedded.ts';
import type { Engine } from './engine.ts';
import { DistributedEngine } from './distributed.ts';

/** What the configuration asks for. Rejects with UsageError when that cannot be had. */
export async function openEngine(config: WatchConfig, complain: (sentence: string) => void): Promise<Engine> {
  return config.engine === null
    ? new EmbeddedEngine(config)
    : DistributedEngine.open(config, config.engine, complain);
}
