import { CONTAINMENT_VARIABLE, CONTROL_VARIABLE } from './control-protocol.ts';
import {
  AGENT_SOCKET_VARIABLE,
  EXIT_WITH_METTLE_VARIABLE,
  ORIGINAL_NODE_OPTIONS_VARIABLE,
} from './protocol.ts';
import type { AgentMessage, AgentServing } from './protocol.ts';
import { silently } from './silently.ts';

type Sdk = NonNullable<AgentServing['sdk']>;

/** Whether this process is the server: wrappers such as npx load the agent too, and never see an MCP message. */
export class Serving {
  /** Read on hot paths: true once the process is known to be the server. */
  known = false;
  /** True when messages come by stdin, so that stdout is the channel. */
  overStdio = false;
  /** False after Mettle has gone: hooks do nothing any more. */
  attached = true;
  /** Called once when the process turns out to be the server. */
  readonly whenKnown: (() => void)[] = [];
  readonly #send: (message: AgentMessage) => void;
  #via: AgentServing['via'] = 'stdio';
  #sdk: Sdk | null = null;

  constructor(send: (message: AgentMessage) => void) {
    this.#send = send;
  }

  send(message: AgentMessage): void {
    if (this.attached) this.#send(message);
  }

  /** An MCP message came in. The first one decides. */
  sawMessage(via: AgentServing['via']): void {
    if (via === 'stdio') this.overStdio = true;
    if (this.known) return;
    this.known = true;
    this.#via = via;
    silently(leaveChildrenAlone);
    this.#announce();
    for (const listener of this.whenKnown.splice(0)) silently(listener);
  }

  sawSdk(sdk: Sdk): void {
    if (this.#sdk !== null) return;
    this.#sdk = sdk;
    if (this.known) this.#announce();
    else this.sawMessage('sdk');
  }

  detach(): void {
    this.attached = false;
    this.whenKnown.length = 0;
  }

  #announce(): void {
    this.send({ type: 'serving', via: this.#via, sdk: this.#sdk });
  }
}

/** Processes that the server starts from now on get the environment that they would have without Mettle. */
function leaveChildrenAlone(): void {
  const { env } = process;
  const original = env[ORIGINAL_NODE_OPTIONS_VARIABLE];
  if (original === undefined || original === '') delete env['NODE_OPTIONS'];
  else env['NODE_OPTIONS'] = original;
  delete env[AGENT_SOCKET_VARIABLE];
  delete env[CONTROL_VARIABLE];
  delete env[CONTAINMENT_VARIABLE];
  delete env[ORIGINAL_NODE_OPTIONS_VARIABLE];
  delete env[EXIT_WITH_METTLE_VARIABLE];
}
