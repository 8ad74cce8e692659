import { RuntimeError } from '../errors.ts';
import { offerHealth } from './health.ts';
import { hook } from './hook.ts';
import type { AnyServer } from './hook.ts';
import type { PolicyOptions } from './options.ts';
import { PolicyState } from './policy.ts';
import type { Policy } from './policy.ts';
import { guarded } from './serve.ts';

/**
 * Protects a server, of SDK v1 or v2, `McpServer` or the low-level `Server`: bounded and fair queues, adaptive limits,
 * refusal with a retry hint instead of collapse, deadlines, cancellation inside `offload`, `exclusive` and `limit`, and
 * counts of everything. Handlers already there and those registered later are covered. Returns the same server.
 *
 * Servers made per session or per request must share one policy: `const policy = createPolicy()` at module load, then
 * `harden(server, policy)`. A literal is shared between servers that pass the same one. Throws METTLE_CANNOT_HOOK rather
 * than protect nothing.
 */
export function harden<S extends AnyServer>(server: S, policy: Policy | PolicyOptions = {}): S {
  const state = policy instanceof PolicyState ? policy : ofLiteral(policy);
  if (!hook(server, (method, handler) => guarded(state, method, handler))) return server;
  state.servers++;
  if (state.options.health) offerHealth(server, state);
  return server;
}

const LITERALS = Symbol.for('mettle.runtime.literal-policies');

/** A literal written in a factory is a new object for each server, yet means one policy: equal ones share their state. */
function ofLiteral(policy: Policy | PolicyOptions): PolicyState {
  if ('operations' in policy) {
    const message =
      'This policy was made by another copy of @mettle/runtime: make it with the createPolicy() beside harden()';
    throw new RuntimeError('METTLE_BAD_OPTION', message);
  }
  const everywhere = globalThis as { [LITERALS]?: Map<string, PolicyState> };
  const literals = (everywhere[LITERALS] ??= new Map());
  const key = JSON.stringify(policy, (_, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  );
  let state = literals.get(key);
  if (state === undefined) {
    literals.set(key, (state = new PolicyState(policy)));
  } else if (state.servers === 1) {
    process.emitWarning(
      'harden() was called for a second server with options of its own; both now share one policy. Say so: const policy = createPolicy({…}) at module load, harden(server, policy)',
      { type: 'MettleWarning', code: 'METTLE_SHARED_POLICY' },
    );
  }
  return state;
}
