import { validateHeaderName, validateHeaderValue } from 'node:http';
import { UsageError } from '../../evidence/index.ts';
import type { InsideLook, TargetSpec } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { asksForAuthorisation, examineChallenge } from './authorisation.ts';
import { ProbeFault } from './fault.ts';
import type { FetchTerms } from './fetch-json.ts';
import { lookOverHttp } from './http-probe.ts';
import { joined } from './inside.ts';
import type { Look } from './look.ts';
import { readMetrics } from './metrics-endpoint.ts';
import type { Probe, ProbeOptions, ProbeOutcome, ProbeTarget } from './outcome.ts';
import { lookBySession } from './session-probe.ts';
import { forgetToken, tokenFor } from './token.ts';

/** Public servers answer in under a second; what takes this long is down for anyone who waits for it. */
const HTTP_TIMEOUT_MS = 10_000;
/** A server that is started for the look loads its code first, which npx may have to fetch. */
const START_TIMEOUT_MS = 30_000;
/** For asking where tokens are to be had, when the time of the look is up. */
const METADATA_MS = 2000;

type HttpSpec = Extract<TargetSpec, { readonly kind: 'http' }>;
type Timed = ProbeOptions & { readonly timeoutMs: number };

/** See `Probe`. */
export const probe: Probe = async (target, options = {}, signal) => {
  signal?.throwIfAborted();
  const { spec } = target;
  const running = spec.kind === 'http' && spec.command === null;
  const timed = {
    ...options,
    timeoutMs: options.timeoutMs ?? (running ? HTTP_TIMEOUT_MS : START_TIMEOUT_MS),
  };
  if (spec.kind === 'http' && (!URL.canParse(spec.url) || !/^https?:$/.test(new URL(spec.url).protocol)))
    throw new UsageError(`${JSON.stringify(spec.url)} is no http:// or https:// URL.`);
  // Beside the look: of a server that answers no client its endpoint may still tell why.
  const asked = metricsOf(target, timed, signal);
  const outcome = running
    ? probeUrl(target, spec, timed, signal)
    : lookBySession(spec, timed, signal).then((look) => look.outcome(target, null));
  const [seen, metrics] = await Promise.all([outcome, asked]);
  return { ...seen, inside: joined(seen.inside, metrics) };
};

/** What the server's Prometheus endpoint tells; null when none is named. */
function metricsOf(
  { spec, bearer }: ProbeTarget,
  { inside, ca }: ProbeOptions,
  signal: AbortSignal | undefined,
): Promise<InsideLook> | null {
  const url = inside?.metricsUrl ?? null;
  if (url === null) return null;
  // Credentials for the server go to its own origin, and to no other.
  const own = spec.kind === 'http' && new URL(spec.url).origin === new URL(url).origin;
  const headers = own
    ? { ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }), ...spec.headers }
    : {};
  return readMetrics(url, headers, { ca, signal });
}

async function probeUrl(
  target: ProbeTarget,
  spec: HttpSpec,
  options: Timed,
  signal: AbortSignal | undefined,
): Promise<ProbeOutcome> {
  const deadlineMs = monotonicMs() + options.timeoutMs;
  const terms: FetchTerms = { deadlineMs, ca: options.ca, signal };
  const left = (): Timed => ({ ...options, timeoutMs: Math.max(1, deadlineMs - monotonicMs()) });
  let access = await accessTo(spec, target, terms);
  checkHeaders(access.headers);
  let look = await lookOverHttp(spec, access.headers, left(), signal);
  if (target.credentials !== undefined && access.sent && refused(look)) {
    // A token may be withdrawn before its time: one fresh one decides.
    forgetToken(target.credentials);
    access = await accessTo(spec, target, terms);
    look = await lookOverHttp(spec, access.headers, left(), signal);
  }
  const { fault } = look;
  if (fault === null) return look.outcome(target, null);
  if (!asksForAuthorisation(fault)) {
    const older = await lookAsOlder(fault, { ...spec, headers: access.headers }, left(), signal);
    return (older ?? look).outcome(target, null);
  }
  const facts = await examineChallenge(new URL(spec.url), fault, access.sent, {
    ...terms,
    deadlineMs: Math.max(deadlineMs, monotonicMs() + METADATA_MS),
  });
  const { noToken } = access;
  return look.outcome(
    target,
    noToken === null ? facts : { ...facts, said: `${noToken}; ${facts.said}`, credentialsRefused: true },
  );
}

function refused({ fault }: Look): boolean {
  return fault !== null && asksForAuthorisation(fault);
}

/** A token with a line end, or worse, would be an error of Node's in the middle of the look. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new UsageError(
        `The header ${JSON.stringify(name)} holds what HTTP does not allow there, such as a line end.`,
      );
    }
  }
}

interface Access {
  readonly headers: Readonly<Record<string, string>>;
  /** Credentials are among the headers. */
  readonly sent: boolean;
  /** Why there is no token though there should be one; null otherwise. */
  readonly noToken: string | null;
}

/** The headers of every request, with whatever credentials there are. */
async function accessTo(spec: HttpSpec, target: ProbeTarget, terms: FetchTerms): Promise<Access> {
  const { bearer, credentials } = target;
  const own = Object.fromEntries(
    Object.entries(spec.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const withToken = (token: string): Access => ({
    headers: { ...own, authorization: `Bearer ${token}` },
    sent: true,
    noToken: null,
  });
  if (own['authorization'] !== undefined) return { headers: own, sent: true, noToken: null };
  if (bearer !== undefined) return withToken(bearer);
  if (credentials === undefined) return { headers: own, sent: false, noToken: null };
  try {
    return withToken(await tokenFor(credentials, new URL(spec.url), terms));
  } catch (error) {
    if (!(error instanceof ProbeFault)) throw error;
    return { headers: own, sent: false, noToken: error.message };
  }
}

/** A server of 2024-11-05 refuses the POST and wants a stream opened first: that is a look by a whole session. Null when it is none. */
async function lookAsOlder(
  { status }: ProbeFault,
  spec: HttpSpec,
  options: Timed,
  signal: AbortSignal | undefined,
): Promise<Look | null> {
  if (status === null || status < 400 || status > 499 || status === 403) return null;
  const look = await lookBySession(spec, { ...options, era: '2025' }, signal);
  return look.fault === null ? look : null;
}
