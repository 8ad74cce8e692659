import type { ServingAgent } from '../../collect/index.ts';
import type { InsideWatch } from '../../load/index.ts';

/** What the agent in the target sees of a block: garbage collection and the event loop's delay. */
export function watchInside(agent: ServingAgent): InsideWatch {
  return {
    // An agent that is gone leaves figures from the outside.
    begin: () => agent.beginVitals().catch(() => undefined),
    end: () => agent.endVitals().catch(() => null),
  };
}
