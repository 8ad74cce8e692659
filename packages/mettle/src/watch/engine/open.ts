import type { WatchConfig } from '../config/config.ts';
import { EmbeddedEngine } from './embedded.ts';
import type { Engine } from './engine.ts';
import { SharedEngine } from './shared.ts';

/** What the configuration asks for. Rejects with UsageError when that cannot be had. */
export async function openEngine(config: WatchConfig, complain: (sentence: string) => void): Promise<Engine> {
  return config.engine === null
    ? new EmbeddedEngine(config)
    : SharedEngine.open(config, config.engine, complain);
}
