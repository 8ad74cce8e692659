import type { Operation } from '../metrics/operations.ts';
import type { RequestHandler } from './era.ts';
import { handlersOf } from './hook.ts';
import type { AnyServer } from './hook.ts';
import type { Policy } from './policy.ts';

/** Where the health of a hardened server can be read by who may read its resources. */
export const HEALTH_URI = 'mettle://health';

/** What `mettle://health` holds, as JSON. */
export interface Health {
  readonly schema: 'mettle/health@1';
  readonly status: 'ok' | 'overloaded';
  readonly uptimeS: number;
  readonly running: number;
  readonly queued: number;
  readonly abandoned: number;
  readonly shedding: string | null;
  readonly refused: number;
  readonly pressure: Policy['pressure'] | null;
  readonly operations: readonly {
    readonly method: string;
    readonly name: string;
    readonly running: number;
    /** Null where there is none. */
    readonly limit: number | null;
    readonly outcomes: Readonly<Record<string, number>>;
    readonly meanMs: number | null;
  }[];
}

/** The server's health at this moment. */
export function healthOf(policy: Policy): Health {
  const { counts } = policy;
  return {
    schema: 'mettle/health@1',
    status: policy.overloaded ? 'overloaded' : 'ok',
    uptimeS: Math.round(process.uptime()),
    running: policy.running,
    queued: policy.queued,
    abandoned: policy.abandoned,
    shedding: policy.shedding ?? null,
    refused: counts.refusedFull + counts.refusedLate,
    pressure: policy.pressure ?? null,
    operations: policy.operations().map(({ operation, limit, running }) => ({
      method: operation.method,
      name: operation.name,
      running,
      limit: Number.isFinite(limit) ? limit : null,
      ...summary(operation),
    })),
  };
}

function summary(operation: Operation): { outcomes: Record<string, number>; meanMs: number | null } {
  const outcomes: Record<string, number> = {};
  let [ran, sumS] = [0, 0];
  for (const [outcome, series] of operation.outcomes()) {
    outcomes[outcome] = series.count;
    if (outcome === 'refused') continue;
    ran += series.count;
    sumS += series.sumS;
  }
  return { outcomes, meanMs: ran === 0 ? null : (sumS / ran) * 1000 };
}

/**
 * Answers `resources/read` of mettle://health itself, before any queue. A `McpServer` also lists it; a server without
 * resources stays without.
 */
export function offerHealth(server: AnyServer, policy: Policy): void {
  const read = (): unknown => ({
    contents: [{ uri: HEALTH_URI, mimeType: 'application/json', text: JSON.stringify(healthOf(policy)) }],
  });
  if ('registerResource' in server && typeof server.registerResource === 'function') {
    const about = { title: 'Health', description: 'Load, limits and counts', mimeType: 'application/json' };
    server.registerResource('mettle-health', HEALTH_URI, about, read);
  }
  const handlers = handlersOf(server);
  const around = (handler: RequestHandler): RequestHandler => {
    return (request, context) => (request.params?.uri === HEALTH_URI ? read() : handler(request, context));
  };
  const method = 'resources/read';
  const present = handlers.get(method);
  const set = handlers.set.bind(handlers);
  handlers.set = (name, handler) => {
    set(name, handler);
    const stored = handlers.get(name);
    if (name === method && stored !== undefined) Map.prototype.set.call(handlers, name, around(stored));
    return handlers;
  };
  if (present !== undefined) Map.prototype.set.call(handlers, method, around(present));
}
