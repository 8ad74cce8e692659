import type { Call } from '../call.ts';
import type { TracedCall } from '../metrics/opentelemetry.ts';

/** What the SDK hands to a request handler beside the request; the two generations differ in three fields. */
export interface HandlerContext {
  sessionId?: string;
  // SDK v1
  requestId?: string | number;
  signal?: AbortSignal;
  authInfo?: AuthInfo;
  taskStore?: TaskStore;
  // SDK v2
  mcpReq?: { signal?: AbortSignal; id?: string | number; _meta?: Meta; envelope?: Meta };
  http?: { authInfo?: AuthInfo };
}

type Meta = Readonly<Record<string, unknown>>;

/** Who was authenticated; `extra` is what the server's own verifier put there. */
export interface AuthInfo {
  readonly clientId?: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The part of SDK v1's per-request task store that tells when a task has ended. */
export interface TaskStore {
  storeTaskResult(taskId: string, status: string, ...rest: unknown[]): Promise<void>;
  updateTaskStatus(taskId: string, status: string, ...rest: unknown[]): Promise<void>;
}

/** A JSON-RPC request as handlers get it. */
export interface HandlerRequest {
  readonly method: string;
  readonly params?: {
    readonly name?: unknown;
    readonly uri?: unknown;
    readonly ref?: { readonly name?: unknown; readonly uri?: unknown };
    readonly task?: unknown;
    readonly taskId?: unknown;
    readonly _meta?: Meta;
  };
}

/** What is stored under a method's name in the SDK's map of handlers. */
export type RequestHandler = (request: HandlerRequest, context: HandlerContext) => unknown;

/** The object whose `signal` the handler reads. */
export function signalHolder(context: HandlerContext): { signal?: AbortSignal } {
  return context.mcpReq ?? context;
}

/** The authenticated caller, when there is one. */
export function authInfoOf(context: HandlerContext): AuthInfo | undefined {
  return context.http?.authInfo ?? context.authInfo;
}

/** The user where the server's verifier names one, else the client program, which many users may share. */
export function principalOf(auth: AuthInfo | undefined): string | undefined {
  const user = auth?.extra?.['sub'] ?? auth?.extra?.['userId'];
  return typeof user === 'string' ? user : auth?.clientId;
}

/** The tool, prompt or resource that is asked for; '' where the method asks for none. */
export function targetOf({ params }: HandlerRequest): string {
  const target = params?.name ?? params?.uri ?? params?.ref?.name ?? params?.ref?.uri;
  return typeof target === 'string' ? target : '';
}

/** Where the 2026 protocol names its version: SDK v2 lifts it out of `_meta`. */
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

/** What tracing wants to know of a call. */
export function tracedCall(
  { method, name, sessionId }: Call,
  { params }: HandlerRequest,
  { requestId, mcpReq }: HandlerContext,
): TracedCall {
  const version = mcpReq?.envelope?.[VERSION_KEY];
  return {
    method,
    name,
    sessionId,
    requestId: mcpReq?.id ?? requestId,
    protocolVersion: typeof version === 'string' ? version : undefined,
    meta: params?.['_meta'] ?? mcpReq?.['_meta'],
  };
}
