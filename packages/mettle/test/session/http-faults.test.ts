import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UsageError, type TargetSpec } from '../../src/evidence/index.ts';
import { openSession, TargetError, type OpenOptions } from '../../src/session/index.ts';
import { fixture, freePort, http } from './targets.ts';
import { certificate, privateKey } from './fixtures/self-signed.ts';

async function failure(spec: TargetSpec, options: OpenOptions = {}): Promise<TargetError> {
  const error: unknown = await openSession(spec, options).then(
    ({ session }) => session.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TargetError)) throw new Error(`expected a TargetError, got ${String(error)}`);
  expect(error.reach.failed).toMatchObject({ phase: error.phase, message: error.message });
  return error;
}

async function listen(server: Server, scheme = 'http'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function')
      server.closeAllConnections();
  });
  return `${scheme}://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`;
}

function serve(listener: RequestListener): Promise<string> {
  return listen(createServer(listener));
}

describe('an HTTP target that cannot be reached is described in one sentence:', { timeout: 30_000 }, () => {
  it('a closed port', async () => {
    const url = `http://127.0.0.1:${String(await freePort())}/mcp`;
    const error = await failure(http(url));
    expect(error.message).toBe(`Nothing listens at ${url} (connection refused).`);
    expect(error.phase).toBe('connect');
  });

  it('a closed port of localhost, which has two addresses', async () => {
    const error = await failure(http(`http://localhost:${String(await freePort())}/mcp`));
    expect(error.message).toContain('Nothing listens at');
  });

  it('a host name that does not exist', async () => {
    const error = await failure(http('http://no-such-host.invalid/mcp'));
    expect(error.message).toMatch(
      /^The host name no-such-host\.invalid (does not exist|could not be looked up)/,
    );
    expect(error.phase).toBe('dns');
  });

  it('a certificate that nobody vouches for', async () => {
    const url = await listen(createTlsServer({ key: privateKey, cert: certificate }), 'https');
    const error = await failure(http(url));
    expect(error.message).toMatch(
      /^The TLS handshake with 127\.0\.0\.1:\d+ failed: its certificate is self-signed/,
    );
    expect(error.phase).toBe('tls');
  });

  it('https where only http is spoken', async () => {
    const url = await serve((_request, response) => response.end());
    const error = await failure(http(url.replace('http:', 'https:')));
    expect(error.message).toContain('does not speak TLS there: try http://');
    expect(error.phase).toBe('tls');
  });

  it('a page instead of an endpoint', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Welcome</title>'),
    );
    const error = await failure(http(url));
    expect(error.message).toBe(
      `${url} answered with an HTML page ("Welcome") instead of JSON-RPC (HTTP 200): check the path, which is often /mcp.`,
    );
    expect(error.phase).toBe('http');
  });

  it.each([401, 403])('credentials that are missing (HTTP %i)', async (status) => {
    const url = await serve((_request, response) =>
      response
        .writeHead(status, { 'www-authenticate': 'Bearer realm="x"', 'content-type': 'application/json' })
        .end('{"error":"invalid_token"}'),
    );
    const error = await failure(http(url));
    expect(error.message).toContain(`refuses access (HTTP ${String(status)}`);
    expect(error.message).toContain('pass credentials with --header');
  });

  it('a path where nothing is', async () => {
    const url = await serve((_request, response) => response.writeHead(404).end('Cannot POST /mcp'));
    expect((await failure(http(url))).message).toContain('no MCP endpoint at');
  });

  it('a server that takes the connection and never answers', async () => {
    const url = await serve(() => undefined);
    const error = await failure(http(url), { era: '2025', handshakeTimeoutMs: 300 });
    expect(error.message).toBe('The server did not answer initialize within 0.3 s.');
    expect(error.phase).toBe('http');
  });

  it('a server that closes every connection', async () => {
    const url = await serve((request) => request.socket.destroy());
    const error = await failure(http(url));
    expect(error.message).toContain('closed the connection without an answer');
    expect(error.phase).toBe('http');
  });

  it('a redirect to somewhere else', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(308, { location: 'https://example.com/mcp' }).end(),
    );
    expect((await failure(http(url))).message).toContain(
      'redirects (HTTP 308) to another origin: pass that URL itself, https://example.com/mcp',
    );
  });

  it('a redirect without end', async () => {
    const url = await serve((request, response) =>
      response.writeHead(307, { location: `${request.url ?? ''}x` }).end(),
    );
    expect((await failure(http(url))).message).toContain('more than 5 times in a row');
  });

  it('an initialize that is answered with an error', async () => {
    const url = await serve((_request, response) =>
      response
        .writeHead(500, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"inner"}}'),
    );
    expect((await failure(http(url))).message).toBe(
      'The server answered initialize with error -32603: "inner".',
    );
  });

  it('a secret in the URL is not repeated', async () => {
    const error = await failure(
      http(`http://127.0.0.1:${String(await freePort())}/mcp?api_key=abcdef123456`),
    );
    expect(error.message).not.toContain('abcdef123456');
  });
});

describe('an HTTP target that Mettle starts', { timeout: 30_000 }, () => {
  it('but that exits before its URL answers is described with its last words', async () => {
    const port = String(await freePort());
    const error = await failure(
      http(`http://127.0.0.1:${port}/mcp`, [process.execPath, fixture('raw-server.mjs'), 'exits']),
    );
    expect(error.message).toMatch(
      /^The server exited with code 3 before http:.* answered; it last wrote "Error: DATABASE_URL is not set"\.$/,
    );
    expect(error.phase).toBe('spawn');
  });

  it('but whose URL never answers is stopped', async () => {
    const port = String(await freePort());
    const error = await failure(
      http(`http://127.0.0.1:${port}/mcp`, [process.execPath, fixture('raw-server.mjs'), 'deaf']),
      { handshakeTimeoutMs: 500 },
    );
    expect(error.message).toContain('was started, but');
    expect(error.phase).toBe('connect');
  });

  it('is not started where something else listens', async () => {
    const url = await serve((_request, response) => response.end());
    await expect(
      openSession(http(url, [process.execPath, fixture('raw-server.mjs'), 'deaf'])),
    ).rejects.toThrow(UsageError);
  });
});
