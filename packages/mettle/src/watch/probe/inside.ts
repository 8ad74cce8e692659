import type { InsideFacts, InsideLook } from '../../evidence/index.ts';
import type { InsideRequest } from './outcome.ts';

/** Both ways of asking as one answer: what the health resource does not say, the metrics may. */
export function joined(health: InsideLook | null, metrics: InsideLook | null): InsideLook | null {
  if (health === null || metrics === null) return health ?? metrics;
  const faults = [health.fault, metrics.fault].filter((fault) => fault !== null);
  return {
    facts: joinedFacts(health.facts, metrics.facts),
    offersHealth: health.offersHealth,
    fault: faults.length === 0 ? null : faults.join('; '),
  };
}

function joinedFacts(health: InsideFacts | null, metrics: InsideFacts | null): InsideFacts | null {
  if (health === null || metrics === null) return health ?? metrics;
  const said = Object.fromEntries(Object.entries(health).filter(([, value]) => value !== null));
  return {
    ...metrics,
    ...said,
    status: health.status === 'ok' && metrics.status === 'ok' ? 'ok' : 'overloaded',
  };
}

/**
 * What a user asks for: `auto` finds the health resource by itself, `health` reads it without looking for it, `off` asks
 * for nothing (null), a URL is the server's Prometheus endpoint. Undefined for anything else.
 */
export function insideRequest(self: string): InsideRequest | null | undefined {
  switch (self) {
    case 'auto':
      return { health: 'find', metricsUrl: null };
    case 'health':
      return { health: 'read', metricsUrl: null };
    case 'off':
      return null;
    default:
      return URL.canParse(self) && /^https?:$/.test(new URL(self).protocol)
        ? { health: 'find', metricsUrl: self }
        : undefined;
  }
}

/** Whether a server lists its health is asked this often, and not at each look. */
const ASK_AGAIN_MS = 3_600_000;
/** One that did not answer the question is left alone for so long. */
const AFTER_SILENCE_MS = 300_000;

/** Remembers which servers list their health, so that each look asks no more than it must. */
export class HealthOffers {
  readonly #known: Map<string, { readonly offers: boolean; readonly askAgainAtMs: number }> = new Map();

  /** What the next look asks for, where the configuration says `wanted`. */
  request(server: string, wanted: InsideRequest | null, nowMs: number): InsideRequest | null {
    const known = this.#known.get(server);
    if (wanted?.health !== 'find' || known === undefined || known.askAgainAtMs <= nowMs) return wanted;
    return { ...wanted, health: known.offers ? 'read' : 'no' };
  }

  learn(server: string, inside: InsideLook | null, nowMs: number): void {
    if (inside === null) return;
    const known = this.#known.get(server);
    if (inside.offersHealth !== null)
      this.#known.set(server, { offers: inside.offersHealth, askAgainAtMs: nowMs + ASK_AGAIN_MS });
    else if (known === undefined && inside.fault !== null)
      this.#known.set(server, { offers: false, askAgainAtMs: nowMs + AFTER_SILENCE_MS });
    // It may have been started anew without: the next look asks whether it is listed still.
    else if (known?.offers === true && inside.facts === null) this.#known.delete(server);
  }
}
