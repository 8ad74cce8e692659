import { inCall } from '../call.ts';
import { cancelled, isRuntimeError, refusal, RuntimeError } from '../errors.ts';
import type { Bound } from '../limit/gate.ts';
import type { Outcome } from '../metrics/operations.ts';
import { authInfoOf, principalOf, signalHolder, targetOf, tracedCall } from './era.ts';
import type { HandlerContext, HandlerRequest, RequestHandler } from './era.ts';
import { LiveCall } from './live-call.ts';
import type { PolicyState } from './policy.ts';
import type { Target } from './targets.ts';
import { asksForTask } from './tasks.ts';

/** Where tool results carry the retry hint for programs; the text carries it for models. */
const RETRY_HINT = 'mettle/retryAfterMs';
/** JSON-RPC's first code for errors of the server's own: prompts and resources have no `isError`. */
const SERVER_ERROR = -32000;
/** While memory is short, a try in less than this is in vain: a garbage collection has to come first. */
const SHEDDING_RETRY_MS = 2000;

/** Puts the policy around one handler. */
export function guarded(policy: PolicyState, method: string, handler: RequestHandler): RequestHandler {
  if (!policy.options.methods.has(method)) return counted(policy, method, handler);
  return (request, context) => serve(policy, method, handler, request, context);
}

/** Methods that are never queued are counted and timed, nothing more. */
function counted(policy: PolicyState, method: string, handler: RequestHandler): RequestHandler {
  return async (request, context) => {
    const { operation } = policy.targets.get(method, '');
    const startedAt = performance.now();
    let outcome: Outcome = 'error';
    operation.running++;
    try {
      const result = await handler(request, context);
      outcome = 'ok';
      if (method === 'tasks/cancel') policy.tasks.ended(String(request.params?.taskId));
      return result;
    } finally {
      operation.running--;
      operation.record(outcome, performance.now() - startedAt);
    }
  };
}

async function serve(
  policy: PolicyState,
  method: string,
  handler: RequestHandler,
  request: HandlerRequest,
  context: HandlerContext,
): Promise<unknown> {
  const { options, gate, bySession, byPrincipal } = policy;
  const name = targetOf(request);
  const target = policy.targets.get(method, name);
  const auth = authInfoOf(context);
  const principal = auth && options.principalOf ? options.principalOf(auth) : principalOf(auth);
  const { sessionId } = context;
  const lane = principal ?? sessionId ?? '';
  if (options.guard !== false) policy.guard.start();

  const session = bySession.claim(sessionId);
  const byOwner = byPrincipal.claim(principal);
  const bounds: Bound[] = [policy.guard.bound, target.bound];
  if (session !== undefined) bounds.push(session);
  if (byOwner !== undefined) bounds.push(byOwner);
  const dropKeys = (): void => {
    if (session !== undefined) bySession.drop(sessionId);
    if (byOwner !== undefined) byPrincipal.drop(principal);
  };

  const signal = signalHolder(context).signal;
  try {
    refuseAll(policy);
    const waiting = gate.enter(bounds, lane, signal);
    if (waiting !== undefined) await waiting;
  } catch (error) {
    dropKeys();
    return refused(request, target, error);
  }

  const call = new LiveCall(method, name, lane, sessionId, principal, context);
  target.operation.running++;
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    target.operation.running--;
    gate.leave(bounds, performance.now() - call.startedAt);
    dropKeys();
    policy.left();
  };
  // Whoever cancelled in the moment of being let in is gone: its handler does not start.
  if (signal?.aborted === true) {
    release();
    throw cancelled(signal);
  }
  return asksForTask(request)
    ? serveTask(policy, target, call, handler, request, context, release)
    : run(policy, target, call, handler, request, context, release);
}

function refuseAll(policy: PolicyState): void {
  if (policy.closed)
    throw new RuntimeError('METTLE_CLOSED', 'Server is shutting down — retry later', {
      retryAfterMs: SHEDDING_RETRY_MS,
    });
  if (policy.guard.shedding === undefined) return;
  policy.gate.counts.refusedFull++;
  throw refusal('METTLE_OVERLOADED', 'Server overloaded — retry later', SHEDDING_RETRY_MS);
}

/** Runs the handler; the caller is answered at the deadline even if the handler never is done. */
async function run(
  policy: PolicyState,
  target: Target,
  call: LiveCall,
  handler: RequestHandler,
  request: HandlerRequest,
  context: HandlerContext,
  release?: () => void,
): Promise<unknown> {
  policy.live.add(call);
  const span = policy.options.tracing?.start(tracedCall(call, request, context));
  let outcome: Outcome = 'error';
  try {
    const result = await new Promise<unknown>((resolve, reject) => {
      call.giveUp = reject;
      // The handler may throw before it returns a promise.
      const answer =
        span === undefined
          ? inCall(call, handler, request, context)
          : span.within(() => inCall(call, handler, request, context));
      if (answer instanceof Promise) answer.then(resolve, reject);
      else resolve(answer);
    });
    outcome = isToolError(result) ? 'tool_error' : 'ok';
    return result;
  } catch (error) {
    if (isRuntimeError(error, 'METTLE_TIMED_OUT') && error === call.givenUpWith) {
      outcome = 'timed_out';
      return answered(request, error);
    }
    throw error;
  } finally {
    policy.live.delete(call);
    if (call.cancelled) outcome = 'cancelled';
    ended(target, call, outcome);
    release?.();
    span?.end(outcome);
  }
}

/** A task's call is answered when the task exists; its place is free when the task has ended. */
async function serveTask(
  policy: PolicyState,
  target: Target,
  call: LiveCall,
  handler: RequestHandler,
  request: HandlerRequest,
  context: HandlerContext,
  release: () => void,
): Promise<unknown> {
  let holds = false;
  try {
    const early = policy.tasks.listen(context);
    const result = await run(policy, target, call, handler, request, context);
    holds = policy.tasks.hold(result, early, release);
    return result;
  } finally {
    if (!holds) release();
  }
}

function ended({ operation, gradient, bound }: Target, call: LiveCall, outcome: Outcome): void {
  const tookMs = performance.now() - call.startedAt;
  operation.record(outcome, tookMs);
  // What failed or was cut short says nothing about how long work takes.
  if (gradient !== undefined && outcome === 'ok') bound.max = gradient.sample(tookMs, bound.running);
}

function isToolError(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'isError' in result && result.isError === true;
}

function refused(request: HandlerRequest, target: Target, error: unknown): unknown {
  if (!isRuntimeError(error)) throw error;
  if (error.code === 'METTLE_CANCELLED') {
    target.operation.record('cancelled', 0);
    throw error;
  }
  target.operation.record('refused', 0);
  return answered(request, error);
}

/**
 * Tells the caller in the protocol's own way: tools have `isError`, which models read; the rest, and a tool that was to
 * answer with a task, has JSON-RPC errors.
 */
function answered(request: HandlerRequest, error: RuntimeError): unknown {
  const { retryAfterMs } = error;
  if (request.method !== 'tools/call' || asksForTask(request)) {
    throw Object.assign(new Error(error.message), {
      code: SERVER_ERROR,
      data: { reason: error.code, retryAfterMs },
    });
  }
  const hint =
    retryAfterMs === undefined ? '' : ` (in about ${Math.max(1, Math.round(retryAfterMs / 1000))} s)`;
  return {
    content: [{ type: 'text', text: `${error.message}${hint}` }],
    isError: true,
    ...(retryAfterMs === undefined ? {} : { _meta: { [RETRY_HINT]: retryAfterMs } }),
  };
}
