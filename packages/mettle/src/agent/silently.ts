/** Runs `body`; whatever it throws stays inside: nothing of the agent's may reach the server. */
export function silently(body: () => void): void {
  try {
    body();
  } catch {
    // Deliberately nothing: not even a word on stderr.
  }
}
