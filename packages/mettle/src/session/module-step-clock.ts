type Step = (this: unknown, ...args: unknown[]) => unknown;

/** How long the steps of the call under way took; calls are made one at a time. */
export class StepClock {
  handlerUs = 0;
  validationUs = 0;
  /** The server's steps were found, and are timed. */
  attached = false;

  reset(): void {
    this.handlerUs = 0;
    this.validationUs = 0;
  }

  /**
   * Times the steps of an `McpServer`, which both SDKs name alike: checking the arguments, the handler, checking its
   * result. A low-level server has none, and is timed as a whole.
   */
  attach(made: unknown): void {
    if (typeof made !== 'object' || made === null) return;
    const server = made as Record<string, unknown>;
    const steps = ['validateToolInput', 'executeToolHandler', 'validateToolOutput'] as const;
    if (!steps.every((name) => typeof server[name] === 'function')) return;
    this.attached = true;
    for (const name of steps) {
      const step = server[name] as Step;
      const add = (startedMs: number): void => {
        const us = (performance.now() - startedMs) * 1000;
        if (name === 'executeToolHandler') this.handlerUs += us;
        else this.validationUs += us;
      };
      server[name] = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
        const startedMs = performance.now();
        try {
          return await step.apply(this, args);
        } finally {
          add(startedMs);
        }
      };
    }
  }
}
