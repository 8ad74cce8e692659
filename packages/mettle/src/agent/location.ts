import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CONTROL_VARIABLE } from './control-protocol.ts';
import {
  AGENT_SOCKET_VARIABLE,
  EXIT_WITH_METTLE_VARIABLE,
  ORIGINAL_NODE_OPTIONS_VARIABLE,
} from './protocol.ts';

/** File URL of the agent's entry as built: any Node can load it, and it carries no TypeScript into the target. */
function agentPreloadUrl(): string {
  return builtEntry('preload.js').href;
}

/** Path of the agent's entry for a process that is already running. */
export function agentLateEntryPath(): string {
  return fileURLToPath(builtEntry('late-entry.js'));
}

function builtEntry(name: string): URL {
  // This module is dist/agent/location.js, or src/agent/location.ts when Mettle runs from its sources.
  const url = new URL(`../../dist/agent/${name}`, import.meta.url);
  const path = fileURLToPath(url);
  if (!existsSync(path))
    throw new Error(`Mettle's agent is not built (${path} is missing): run "npm run build" first.`);
  return url;
}

export interface AgentEnvironmentOptions {
  readonly socketPath: string;
  /** NODE_OPTIONS that the target would have without Mettle. */
  readonly inheritedNodeOptions: string | undefined;
  /** Whether Mettle launches the target, which then must not outlive it. */
  readonly exitWithMettle: boolean;
  /** Whether the agent is to control the order of events, for races. */
  readonly control?: boolean;
}

/**
 * What to add to the target's environment so that the agent is loaded into it. NODE_OPTIONS is to be
 * appended to what the target would have.
 */
export function agentEnvironment(options: AgentEnvironmentOptions): Readonly<Record<string, string>> {
  return {
    // A URL has no spaces or quotes, which NODE_OPTIONS would split or swallow.
    NODE_OPTIONS: `--import=${agentPreloadUrl()}`,
    [AGENT_SOCKET_VARIABLE]: options.socketPath,
    [ORIGINAL_NODE_OPTIONS_VARIABLE]: options.inheritedNodeOptions ?? '',
    ...(options.exitWithMettle ? { [EXIT_WITH_METTLE_VARIABLE]: '1' } : {}),
    ...(options.control === true ? { [CONTROL_VARIABLE]: '1' } : {}),
  };
}
