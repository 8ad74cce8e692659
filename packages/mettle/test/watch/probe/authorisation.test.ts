import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { ClientCredentials } from '../../../src/watch/probe/outcome.ts';
import { json, look, mcpServer, serve } from './loopback.ts';

interface Guarded {
  readonly url: string;
  /** What the authorisation server was asked. */
  readonly asked: URLSearchParams[];
  /** Tokens that are accepted. */
  readonly tokens: Set<string>;
  issuer(): string;
}

/** A server behind OAuth, with its authorisation server at the same origin; `metadata` is what it publishes of itself. */
async function guarded(
  metadata: (url: string) => unknown = (url) => ({
    resource: url,
    authorization_servers: [new URL(url).origin],
  }),
  challenge: (url: string) => string = (url) =>
    `Bearer error="invalid_token", resource_metadata="${new URL('/.well-known/oauth-protected-resource/mcp', url).href}"`,
): Promise<Guarded> {
  const well = mcpServer();
  const asked: URLSearchParams[] = [];
  const tokens = new Set<string>(['good']);
  let url = '';
  const listener: RequestListener = (request, response) => {
    const { origin } = new URL(url);
    if (request.url === '/.well-known/oauth-protected-resource/mcp') json(response, metadata(url));
    else if (request.url === '/.well-known/oauth-authorization-server')
      json(response, { issuer: origin, token_endpoint: `${origin}/token` });
    else if (request.url === '/token') {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        asked.push(new URLSearchParams(Buffer.concat(parts).toString()));
        const authorised =
          request.headers.authorization === `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
        const token = `issued-${String(asked.length)}`;
        tokens.add(token);
        if (authorised) json(response, { access_token: token, token_type: 'Bearer', expires_in: 3600 });
        else json(response, { error: 'invalid_client' }, 401);
      });
    } else if (tokens.has((request.headers.authorization ?? '').replace('Bearer ', '')))
      well(request, response);
    else response.writeHead(401, { 'www-authenticate': challenge(url) }).end();
  };
  url = await serve(listener);
  return { url, asked, tokens, issuer: () => new URL(url).origin };
}

describe('a server behind OAuth', { timeout: 20_000 }, () => {
  it('that says correctly where tokens are to be had is reachable and unauthorised, not down', async () => {
    const server = await guarded();
    const outcome = await look(server.url);
    expect(outcome).toMatchObject({
      status: 'unauthorised',
      failedPhase: 'http',
      httpStatus: 401,
      authorisation: {
        metadata: 'correct',
        credentialsRefused: false,
        authorizationServers: [server.issuer()],
      },
    });
    expect(outcome.sentence).toBe(`Reachable, but unauthorised: it asks for a token of ${server.issuer()}.`);
  });

  it('without metadata is down: no client can learn how to get in', async () => {
    const url = await serve((_request, response) => response.writeHead(401).end());
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', httpStatus: 401, authorisation: { metadata: 'absent' } });
    expect(outcome.sentence).toContain('it names no resource metadata');
  });

  it.each([
    [
      'is for another resource',
      () => ({ resource: 'https://other.example/mcp', authorization_servers: ['https://a.example'] }),
      '"resource" is https://other.example/mcp',
    ],
    [
      'names no authorization server',
      (url: string) => ({ resource: url }),
      'names no "authorization_servers"',
    ],
    [
      'names one that is not encrypted',
      (url: string) => ({ resource: url, authorization_servers: ['http://a.example'] }),
      'is no https:// URL',
    ],
  ])('whose metadata %s is down', async (_name, metadata, said) => {
    const outcome = await look((await guarded(metadata)).url);
    expect(outcome).toMatchObject({ status: 'down', authorisation: { metadata: 'wrong' } });
    expect(outcome.sentence).toContain(said);
  });

  it('may not send us where it likes', async () => {
    const server = await guarded(undefined, () => 'Bearer resource_metadata="http://10.0.0.1/latest"');
    expect(await look(server.url)).toMatchObject({ status: 'down', authorisation: { metadata: 'wrong' } });
  });

  it('is up with a bearer token, which is sent to it', async () => {
    const server = await guarded();
    expect(await look(server.url, {}, { bearer: 'good' })).toMatchObject({
      status: 'up',
      authorisation: null,
    });
  });

  it('that refuses the token says so, and the token is in no sentence', async () => {
    const server = await guarded();
    const outcome = await look(server.url, {}, { bearer: 'Xp7-very-secret-token' });
    expect(outcome).toMatchObject({ status: 'unauthorised', authorisation: { credentialsRefused: true } });
    expect(outcome.sentence).toContain('the credentials were refused (invalid_token)');
    expect(JSON.stringify(outcome)).not.toContain('Xp7');
  });

  it('takes client credentials: one token serves many looks, and a withdrawn one is fetched anew', async () => {
    const server = await guarded();
    const credentials: ClientCredentials = {
      clientId: 'me',
      clientSecret: 's3cret',
      issuer: server.issuer(),
      scope: 'read',
    };
    expect(await look(server.url, {}, { credentials })).toMatchObject({ status: 'up' });
    expect(await look(server.url, {}, { credentials })).toMatchObject({ status: 'up' });
    expect(server.asked.map((form) => Object.fromEntries(form))).toEqual([
      { grant_type: 'client_credentials', resource: server.url, scope: 'read' },
    ]);
    server.tokens.clear();
    expect(await look(server.url, {}, { credentials })).toMatchObject({ status: 'up' });
    expect(server.asked).toHaveLength(2);
  });

  it('whose issuer refuses the client is reachable and unauthorised, and the secret is in no sentence', async () => {
    const server = await guarded();
    const credentials = { clientId: 'me', clientSecret: 'wr0ng-secret', issuer: server.issuer() };
    const outcome = await look(server.url, {}, { credentials });
    expect(outcome).toMatchObject({ status: 'unauthorised', authorisation: { credentialsRefused: true } });
    expect(outcome.sentence).toContain('no token could be had');
    expect(JSON.stringify(outcome)).not.toContain('wr0ng');
  });

  it('never gets client credentials sent where it says alone', async () => {
    const server = await guarded();
    const credentials = { clientId: 'me', clientSecret: 's3cret' };
    await expect(look(server.url, {}, { credentials })).rejects.toThrow('need the issuer');
    expect(server.asked).toEqual([]);
  });
});
