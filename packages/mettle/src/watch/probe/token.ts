import { UsageError } from '../../evidence/index.ts';
import { quoteShort, shownUrl } from '../../session/fault-sentences.ts';
import { firstDocument, wellKnown } from './authorisation.ts';
import { ProbeFault } from './fault.ts';
import { fetchJson, isSafe, type FetchTerms } from './fetch-json.ts';
import type { ClientCredentials } from './outcome.ts';

/** A token that is about to expire may do so on its way. */
const EARLY_MS = 30_000;
/** Servers should say how long a token lasts; where they do not, it is fetched anew this often. */
const UNSAID_LIFE_S = 300;

const tokens: WeakMap<ClientCredentials, { readonly token: string; readonly expiresAtMs: number }> =
  new WeakMap();

/** A token for these credentials, remembered until shortly before it expires. Rejects with ProbeFault, or UsageError. */
export async function tokenFor(
  credentials: ClientCredentials,
  resource: URL,
  terms: FetchTerms,
): Promise<string> {
  const known = tokens.get(credentials);
  if (known !== undefined && known.expiresAtMs > Date.now()) return known.token;
  const { endpoint, secretInBody } = await endpointOf(credentials, terms);
  const { token, lifeS } = await ask(endpoint, credentials, resource, { secretInBody, ...terms });
  tokens.set(credentials, { token, expiresAtMs: Date.now() + Math.max(0, lifeS * 1000 - EARLY_MS) });
  return token;
}

/** The token was refused: the next look fetches another. */
export function forgetToken(credentials: ClientCredentials): void {
  tokens.delete(credentials);
}

/** Where the credentials go: where the user said, or to the issuer the user named; never where the probed server says. */
async function endpointOf(
  { tokenUrl, issuer }: ClientCredentials,
  terms: FetchTerms,
): Promise<{ readonly endpoint: URL; readonly secretInBody: boolean }> {
  if (tokenUrl !== undefined) return { endpoint: checked(tokenUrl, 'the token URL'), secretInBody: false };
  if (issuer === undefined)
    throw new UsageError(
      'Client credentials need the issuer that they are for (or its token URL): they are not sent where the probed server says.',
    );
  const base = checked(issuer, 'the issuer');
  const places = [
    ...wellKnown(base, 'oauth-authorization-server'),
    ...wellKnown(base, 'openid-configuration'),
  ];
  const found = await firstDocument(places, terms);
  const body = found?.body;
  const claimed = body?.['issuer'];
  if (
    body === undefined ||
    typeof claimed !== 'string' ||
    claimed.replace(/\/$/, '') !== issuer.replace(/\/$/, '')
  )
    throw new ProbeFault(
      'http',
      `no token could be had: ${shownUrl(base)} publishes no authorization server metadata of its own`,
    );
  const endpoint = body['token_endpoint'];
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint) || !isSafe(new URL(endpoint)))
    throw new ProbeFault(
      'http',
      `no token could be had: the metadata of ${shownUrl(base)} names no token endpoint that is safe to use`,
    );
  const methods = body['token_endpoint_auth_methods_supported'];
  const secretInBody =
    Array.isArray(methods) &&
    !methods.includes('client_secret_basic') &&
    methods.includes('client_secret_post');
  return { endpoint: new URL(endpoint), secretInBody };
}

function checked(text: string, what: string): URL {
  if (!URL.canParse(text) || !isSafe(new URL(text)))
    throw new UsageError(`Client credentials: ${what} must be an https:// URL (or on this machine).`);
  return new URL(text);
}

async function ask(
  endpoint: URL,
  { clientId, clientSecret, scope }: ClientCredentials,
  resource: URL,
  { secretInBody, ...terms }: FetchTerms & { readonly secretInBody: boolean },
): Promise<{ readonly token: string; readonly lifeS: number }> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', resource: resource.href });
  if (scope !== undefined) form.set('scope', scope);
  if (secretInBody) {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  }
  // RFC 6749: both parts are form-encoded before they are joined.
  const pair = [clientId, clientSecret]
    .map((part) => new URLSearchParams({ '': part }).toString().slice(1))
    .join(':');
  const headers: Record<string, string> = secretInBody
    ? {}
    : { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
  const { status, body } = await fetchJson(endpoint, terms, { form, headers });
  const token = body?.['access_token'];
  const lifeS = body?.['expires_in'];
  if (status === 200 && typeof token === 'string' && token !== '')
    return { token, lifeS: typeof lifeS === 'number' ? lifeS : UNSAID_LIFE_S };
  const error = body?.['error'];
  const said = typeof error === 'string' ? `, ${quoteShort(error)}` : '';
  throw new ProbeFault(
    'http',
    `no token could be had from ${shownUrl(endpoint)} (HTTP ${String(status)}${said})`,
  );
}
