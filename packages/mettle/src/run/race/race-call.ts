import type { RaceCall } from '../../evidence/index.ts';

/** A request as races name calls, over the first connection. */
export function callOf({
  method,
  params,
}: {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}): RaceCall {
  return method === 'tools/call'
    ? { tool: String(params['name']), arguments: params['arguments'] ?? {}, connection: 0 }
    : { method, params, connection: 0 };
}
