import { resolve } from 'node:path';
import { parseWorkload, readWorkload } from '../run/index.ts';
import type { Workload } from '../run/index.ts';
import type { ConfigFile } from './config-file.ts';
import type { Host } from './host.ts';
import type { CommandOptions } from './options.ts';

/** The workload that the options or the config file name; null when neither does. */
export async function workloadOf(
  options: CommandOptions,
  config: ConfigFile | null,
  host: Host,
): Promise<Workload | null> {
  if (options.workload !== undefined) return readWorkload(resolve(host.cwd, options.workload));
  return config?.workload == null ? null : parseWorkload(config.workload, config.file);
}
