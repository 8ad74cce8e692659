import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { CertificateFacts, ReachPhase } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { describeConnectionError } from '../../session/fault-sentences.ts';
import { certificateOf, describeRefusal } from './certificate.ts';
import { ProbeFault } from './fault.ts';

/** Trust stores by the certificates added to them: making one takes milliseconds, and a watcher connects all the time. */
const contexts: Map<string | undefined, tls.SecureContext> = new Map();

type Stage = 'dns' | 'connect' | 'tls';
type Created = (error: Error | null, socket: Duplex) => void;

/**
 * The connections of one look at one origin: opened by hand, so that each stage is timed and the certificate is read
 * even where it is not accepted, and nothing is sent before it was.
 */
export class ProbeConnection {
  readonly agent: http.Agent;
  readonly #origin: URL;
  readonly #ca: string | undefined;
  readonly #sockets: Set<net.Socket> = new Set();
  /** How the first connection came about. */
  readonly laps: { readonly phase: ReachPhase; readonly durationMs: number }[] = [];
  certificate: CertificateFacts | null = null;
  /** How far the newest connection is; null once it is ready. */
  stage: Stage | null = null;
  #first = true;

  constructor(origin: URL, ca: string | undefined) {
    this.#origin = origin;
    this.#ca = ca;
    this.agent = new http.Agent({ keepAlive: true, maxFreeSockets: 1 });
    // Its type knows only the synchronous form; Node documents both.
    Object.assign(this.agent, {
      createConnection: (_options: unknown, created: Created): void => this.#connect(created),
    });
  }

  /** Cuts everything that is open. */
  destroy(): void {
    this.agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #connect(created: Created): void {
    const { hostname, protocol } = this.#origin;
    const secure = protocol === 'https:';
    const timed = this.#first;
    this.#first = false;
    let lapStartedMs = monotonicMs();
    let settled = false;
    const lap = (phase: Stage, next: Stage | null): void => {
      const now = monotonicMs();
      if (timed) this.laps.push({ phase, durationMs: now - lapStartedMs });
      lapStartedMs = now;
      this.stage = next;
    };
    const socket = this.#open();
    this.stage = net.isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? 'dns' : 'connect';
    const fail = (error: Error): void => {
      if (settled) return;
      settled = true;
      const { phase, message } = describeConnectionError(error, this.#origin, this.stage ?? 'http');
      created(error instanceof ProbeFault ? error : new ProbeFault(phase, message), socket);
      // Not at once: Node 20 crashes when a TLS socket is destroyed while it tells of its handshake.
      setImmediate(() => socket.destroy());
    };
    const ready = (): void => {
      settled = true;
      socket.off('error', fail);
      created(null, socket);
    };
    socket.on('error', fail);
    socket.once('lookup', (error) => {
      if (error === null && this.stage === 'dns') lap('dns', 'connect');
    });
    socket.once('connect', () => {
      lap('connect', secure ? 'tls' : null);
      if (!secure) ready();
    });
    socket.once('close', () => {
      if (!settled) fail(new ProbeFault(this.stage ?? 'http', this.#closed()));
    });
    if (!(socket instanceof tls.TLSSocket)) return;
    socket.once('secureConnect', () => {
      this.certificate ??= certificateOf(socket);
      const refusal = refusalOf(socket);
      if (refusal !== null) {
        fail(new ProbeFault('tls', describeRefusal(refusal, this.#origin.host, this.certificate)));
        return;
      }
      lap('tls', null);
      ready();
    });
  }

  #open(): net.Socket {
    const { hostname, protocol, port } = this.#origin;
    const secure = protocol === 'https:';
    const host = hostname.replace(/^\[|\]$/g, '');
    const where = { host, port: Number(port || (secure ? 443 : 80)) };
    const socket = secure
      ? tls.connect({
          ...where,
          // Judged once the certificate is in hand.
          rejectUnauthorized: false,
          ...(net.isIP(host) === 0 ? { servername: host } : {}),
          secureContext: contextWith(this.#ca),
        })
      : net.connect(where);
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  #closed(): string {
    const { host } = this.#origin;
    return this.stage === 'tls'
      ? `${host} closed the connection in the TLS handshake`
      : `${host} closed the connection`;
  }
}

/** OpenSSL's or Node's code for why the certificate is not accepted; null when it is. */
function refusalOf(socket: tls.TLSSocket): string | null {
  if (socket.authorized) return null;
  // Node types it as an Error and gives the code as a string.
  const why: unknown = socket.authorizationError;
  return why instanceof Error ? ((why as NodeJS.ErrnoException).code ?? why.message) : String(why);
}

function contextWith(ca: string | undefined): tls.SecureContext {
  const known = contexts.get(ca);
  if (known !== undefined) return known;
  // Where Node can tell them, those of NODE_EXTRA_CA_CERTS and of the system are among the usual ones.
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  const usual = getCACertificates?.('default') ?? tls.rootCertificates;
  const made = tls.createSecureContext(ca === undefined ? {} : { ca: [...usual, ca] });
  contexts.set(ca, made);
  return made;
}
