import type { IncomingMessage, ServerResponse } from 'node:http';
import { onConnection } from '../call.ts';

/** What the middleware asks; a `Policy` of `harden` is one. */
export interface OverloadSource {
  readonly overloaded: boolean;
  retryAfterMs(): number;
}

/** The refusal as each framework wants it; all answer 503 with Retry-After before a body is read. */
export interface OverloadMiddleware {
  /** node:http: answers and returns true when overloaded; otherwise returns false and the caller goes on. */
  node(request: IncomingMessage, response: ServerResponse): boolean;
  /** Express, Connect and alike: `app.use(refuseOverload(policy).express)`, before any body parser. */
  express(request: IncomingMessage, response: ServerResponse, next: () => void): void;
  /** Fastify: `app.addHook('onRequest', refuseOverload(policy).fastify)`. */
  fastify(request: { raw: IncomingMessage }, reply: FastifyReply, done: () => void): void;
  /** Hono: `app.use(refuseOverload(policy).hono)`. */
  hono(context: HonoContext, next: () => Promise<void>): Promise<Response | undefined>;
  /** Web-standard handlers, such as that of `createMcpHandler`: the refusal, or undefined to go on. */
  fetch(request: Request): Response | undefined;
}

/** The part of a Fastify reply that is used. */
export interface FastifyReply {
  code(status: number): this;
  header(name: string, value: string): this;
  send(body: string): unknown;
}

/** The part of a Hono context that is used. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
}

const BODY = JSON.stringify({
  jsonrpc: '2.0',
  id: null,
  error: { code: -32000, message: 'Server overloaded — retry later' },
});
/** Methods of the 2026 protocol, named in a header, that must get through: they make a server look alive, or free it. */
const ALWAYS = /^(ping|initialize|server\/discover|notifications\/.*)$/;

/**
 * Refuses requests with 503 and Retry-After while the server is overloaded: much cheaper than reading a body to refuse
 * what is in it. Only POSTs are refused: GET streams and DELETE free or carry what is already there.
 */
export function refuseOverload(source: OverloadSource): OverloadMiddleware {
  const refuses = (method: string | undefined, mcpMethod: string | null | undefined): boolean =>
    source.overloaded && method === 'POST' && !ALWAYS.test(mcpMethod ?? '');
  const headers = (): Record<string, string> => ({
    'content-type': 'application/json',
    'retry-after': String(Math.max(1, Math.ceil(source.retryAfterMs() / 1000))),
  });
  const node: OverloadMiddleware['node'] = (request, response) => {
    if (!refuses(request.method, request.headers['mcp-method']?.toString())) return false;
    response.writeHead(503, headers()).end(BODY);
    // The unread body is thrown away, so that the connection can be used again.
    request.resume();
    return true;
  };
  const fetch: OverloadMiddleware['fetch'] = (request) =>
    refuses(request.method, request.headers.get('mcp-method'))
      ? new Response(BODY, { status: 503, headers: headers() })
      : undefined;
  return {
    node,
    fetch,
    express: (request, response, next) => {
      if (!node(request, response)) next();
    },
    fastify: ({ raw }, reply, done) => {
      if (!refuses(raw.method, raw.headers['mcp-method']?.toString())) return done();
      for (const [name, value] of Object.entries(headers())) reply.header(name, value);
      reply.code(503).send(BODY);
    },
    hono: async (context, next) => {
      const refused = fetch(context.req.raw);
      if (refused === undefined) await next();
      return refused;
    },
  };
}

/**
 * Cancels the calls of a request when its client goes away before the answer. SDK v1 with sessions lets them run on: its
 * protocol allows a client to come back for the answer, which takes an event store; without one, use this around
 * `transport.handleRequest(…)`, after any body parser.
 */
export function cancelOnDisconnect<R>(response: ServerResponse, serve: () => R): R {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('The client closed the connection'));
  });
  return onConnection(gone.signal, serve);
}
