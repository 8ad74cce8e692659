let depth = 0;

/** Runs `body` as the agent's own work: operations it starts are not counted as the server's. */
export function agentWork(body: () => void): void {
  depth++;
  try {
    body();
  } finally {
    depth--;
  }
}

/** Whether the code running now is the agent's own work. */
export function isAgentWork(): boolean {
  return depth > 0;
}
