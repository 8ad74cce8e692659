import type { AuthorisationFacts } from '../../evidence/index.ts';
import { shownUrl } from '../../session/fault-sentences.ts';
import type { JsonObject } from '../../session/rpc-message.ts';
import { ProbeFault } from './fault.ts';
import { fetchJson, isSafe, type FetchTerms } from './fetch-json.ts';

/** Whether a refusal asks for authorisation, rather than forbidding access for good. */
export function asksForAuthorisation({ status, challenge }: ProbeFault): boolean {
  return status === 401 || (status === 403 && /insufficient_scope/.test(challenge ?? ''));
}

/** Whether a server that refused `url` says correctly where tokens are to be had (RFC 9728, as MCP asks for). */
export async function examineChallenge(
  url: URL,
  { challenge }: ProbeFault,
  credentialsRefused: boolean,
  terms: FetchTerms,
): Promise<AuthorisationFacts> {
  const facts = (
    metadata: AuthorisationFacts['metadata'],
    said: string,
    authorizationServers: readonly string[] = [],
  ): AuthorisationFacts => ({ metadata, said, authorizationServers, credentialsRefused });
  const named = parameter(challenge, 'resource_metadata');
  const places = named === null ? wellKnown(url, 'oauth-protected-resource') : placeNamed(named, url);
  if (places === null)
    return facts(
      'wrong',
      `its challenge names ${JSON.stringify(named)} as its metadata, which is no URL that may be asked`,
    );
  const document = await firstDocument(places, terms);
  if (document === null)
    return named === null
      ? facts(
          'absent',
          'it names no resource metadata, so that OAuth clients cannot learn where to get a token',
        )
      : facts('wrong', `the metadata that its challenge names, ${named}, could not be read`);
  const flaw = flawOf(document.body, url);
  if (flaw !== null) return facts('wrong', `its metadata at ${shownUrl(document.place)} is wrong: ${flaw}`);
  const servers = document.body['authorization_servers'] as readonly string[];
  const error = parameter(challenge, 'error');
  const refused = credentialsRefused
    ? `the credentials were refused${error === null ? '' : ` (${error})`}, `
    : '';
  return facts('correct', `${refused}it asks for a token of ${servers.slice(0, 3).join(' or ')}`, servers);
}

/** The URLs where a document may be, most particular first (RFC 9728 and RFC 8414 place it before the path). */
export function wellKnown(url: URL, name: string): readonly URL[] {
  const path = url.pathname.replace(/\/$/, '');
  const atRoot = new URL(`/.well-known/${name}`, url);
  return path === '' ? [atRoot] : [new URL(`/.well-known/${name}${path}`, url), atRoot];
}

/** The first of them that holds a JSON object; null when none does. Rejects only with the signal's reason. */
export async function firstDocument(
  places: readonly URL[],
  terms: FetchTerms,
): Promise<{ readonly place: URL; readonly body: JsonObject } | null> {
  for (const place of places) {
    try {
      const { status, body } = await fetchJson(place, terms);
      if (status === 200 && body !== null) return { place, body };
    } catch (error) {
      if (!(error instanceof ProbeFault)) throw error;
    }
  }
  return null;
}

/** A server may send us to its own origin, or to an encrypted one: not to whatever else this machine can reach. */
function placeNamed(named: string, url: URL): readonly URL[] | null {
  if (!URL.canParse(named)) return null;
  const place = new URL(named);
  return place.origin === url.origin || place.protocol === 'https:' ? [place] : null;
}

function flawOf(body: JsonObject, url: URL): string | null {
  const { resource, authorization_servers: servers } = body;
  if (typeof resource !== 'string' || !URL.canParse(resource)) return '"resource" is no URL';
  const claimed = new URL(resource);
  const within = `${url.pathname}/`.startsWith(
    claimed.pathname.endsWith('/') ? claimed.pathname : `${claimed.pathname}/`,
  );
  if (claimed.origin !== url.origin || !within)
    return `"resource" is ${shownUrl(claimed)}, so that clients refuse it for ${shownUrl(url)}`;
  if (!Array.isArray(servers) || servers.length === 0) return 'it names no "authorization_servers"';
  const odd = servers.find(
    (server) => typeof server !== 'string' || !URL.canParse(server) || !isSafe(new URL(server)),
  );
  return odd === undefined ? null : `the authorization server ${JSON.stringify(odd)} is no https:// URL`;
}

/** A parameter of `WWW-Authenticate: Bearer a="b", c=d`; null when it is not there. */
function parameter(challenge: string | null, name: string): string | null {
  const found = new RegExp(String.raw`(?:^|[\s,])${name}\s*=\s*(?:"([^"]*)"|([^\s,"]+))`, 'i').exec(
    challenge ?? '',
  );
  return found?.[1] ?? found?.[2] ?? null;
}
