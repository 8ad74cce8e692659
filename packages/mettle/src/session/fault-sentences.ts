import { redactText } from '../evidence/index.ts';
import type { ProcessExit } from './session.ts';
import { tellingLine } from './text-tail.ts';

/** "exited with code 1", "was killed by SIGSEGV". */
export function describeExit(exit: ProcessExit): string {
  return exit.signal === null ? `exited with code ${String(exit.code ?? 0)}` : `was killed by ${exit.signal}`;
}

/** "; it last wrote "…" to stderr", or nothing. */
export function lastWords(stderrTail: readonly string[]): string {
  const line = tellingLine(stderrTail);
  return line === null ? '' : `; it last wrote ${quoteShort(line)}`;
}

/** In double quotes, on one line, at most 200 characters. */
export function quoteShort(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return `"${line.length > 200 ? `${line.slice(0, 199)}…` : line}"`;
}

/** Why a command could not be started at all, by the system's error code. */
export function describeSpawnError(error: unknown, command: string, cwd: string, cwdExists: boolean): string {
  const code = errorCode(error);
  if (!cwdExists) return `The working directory ${cwd} does not exist: give another with --cwd.`;
  if (code === 'ENOENT' && /\s/.test(command))
    return `There is no program ${quoteShort(command)}: if these are a program and its arguments, leave out the quotes around them.`;
  if (code === 'ENOENT')
    return `The command ${quoteShort(command)} was not found: check its spelling, or give its full path.`;
  if (code === 'EACCES')
    return `The command ${quoteShort(command)} may not be executed: check its permissions, or run it through its interpreter.`;
  return `The command ${quoteShort(command)} could not be started: ${error instanceof Error ? error.message : String(error)}.`;
}

/** A URL as it may be shown. */
export function shownUrl(url: URL): string {
  return redactText(url.href);
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const TLS_FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed: trust it with NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate chain holds a self-signed certificate: trust it with NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate chain is incomplete: the server does not send the intermediate certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'the issuer of its certificate is not known here: trust it with NODE_EXTRA_CA_CERTS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
};

/** A failed connection in words, and whose fault it is; `phase` is how far the socket had got. */
export function describeConnectionError(
  error: unknown,
  url: URL,
  reached: 'dns' | 'connect' | 'tls' | 'http',
): { readonly phase: 'dns' | 'connect' | 'tls' | 'http'; readonly message: string } {
  const code = errorCode(error);
  const tls = TLS_FAULTS[code];
  if (tls !== undefined)
    return { phase: 'tls', message: `the TLS handshake with ${url.host} failed: ${tls}` };
  switch (code) {
    case 'ENOTFOUND':
      return { phase: 'dns', message: `the host name ${url.hostname} does not exist` };
    case 'EAI_AGAIN':
      return {
        phase: 'dns',
        message: `the host name ${url.hostname} could not be looked up: the name server does not answer`,
      };
    case 'ECONNREFUSED':
      return { phase: 'connect', message: `nothing listens at ${shownUrl(url)} (connection refused)` };
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return { phase: 'connect', message: `${url.host} cannot be reached (${code})` };
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return {
        phase: 'tls',
        message: `${url.host} does not speak TLS there: try http:// instead of https://`,
      };
    default: {
      const what = error instanceof Error ? error.message : String(error);
      if (reached === 'tls')
        return { phase: 'tls', message: `the TLS handshake with ${url.host} failed: ${what}` };
      if (code === 'ECONNRESET' || code === 'EPIPE')
        return { phase: reached, message: `${shownUrl(url)} closed the connection without an answer` };
      return { phase: reached, message: `the connection to ${shownUrl(url)} failed: ${what}` };
    }
  }
}

/** An HTTP answer that holds no JSON-RPC, in words; `start` is the beginning of its body. */
export function describeHttpAnswer(
  status: number,
  contentType: string,
  start: string,
  url: URL,
  challenge: string | undefined,
): string {
  if (status === 401 || status === 403) {
    const asks = challenge === undefined ? '' : `, ${quoteShort(challenge)}`;
    return `${shownUrl(url)} refuses access (HTTP ${String(status)}${asks}): pass credentials with --header "Authorization: Bearer …"`;
  }
  if (status === 404 || status === 405)
    return `there is no MCP endpoint at ${shownUrl(url)} (HTTP ${String(status)}): check the path, which is often /mcp`;
  const body = redactText(start.trim());
  if (/html/.test(contentType) || /^<(!doctype|html)/i.test(body)) {
    const title = /<title[^>]*>([^<]*)/i.exec(body)?.[1]?.trim();
    return `${shownUrl(url)} answered with an HTML page${title ? ` (${quoteShort(title)})` : ''} instead of JSON-RPC (HTTP ${String(status)}): check the path, which is often /mcp`;
  }
  const said = body === '' ? 'with an empty body' : `with ${quoteShort(body)}`;
  return `${shownUrl(url)} answered HTTP ${String(status)} ${said} instead of JSON-RPC`;
}
