import type { HeldLoop } from './protocol.ts';
import { machineClockOffsetMs, openThreadClock } from './thread-clock.ts';

/** Starts to wait for the event loop's next turn; the returned function tells for how long it did not come, until now at most. */
export function watchFirstTurn(): () => HeldLoop {
  const clock = openThreadClock();
  clock.read();
  const { cpuMs, hostDelayMs } = clock;
  const startedAtMs = performance.now();
  const offsetMs = machineClockOffsetMs();
  const look = (): HeldLoop => {
    const wallMs = performance.now() - startedAtMs;
    clock.read();
    return {
      startedAtMs: startedAtMs + offsetMs,
      wallMs,
      cpuMs: clock.cpuMs - cpuMs,
      hostDelayMs: hostDelayMs < 0 ? -1 : clock.hostDelayMs - hostDelayMs,
    };
  };
  let turned: HeldLoop | null = null;
  setImmediate(() => {
    turned = look();
  });
  return () => turned ?? look();
}
