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
  readonly #open: Set<net.Socket> = new Set();
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
    for (const socket of this.#open) socket.destroy();
  }

  #connect(created: Created): void {
    const { hostname, protocol, port } = this.#origin;
    const secure = protocol === 'https:';
    const host = hostname.replace(/^\[|\]$/g, '');
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
    const socket = net.connect({ host, port: Number(port || (secure ? 443 : 80)), noDelay: true });
    this.#track(socket);
    this.stage = net.isIP(host) === 0 ? 'dns' : 'connect';
    const fail = (error: Error): void => {
      if (settled) return;
      settled = true;
      const { phase, message } = describeConnectionError(error, this.#origin, this.stage ?? 'http');
      created(error instanceof ProbeFault ? error : new ProbeFault(phase, message), socket);
      socket.destroy();
    };
    const ready = (usable: net.Socket): void => {
      settled = true;
      usable.off('error', fail);
      created(null, usable);
    };
    socket.on('error', fail);
    socket.once('lookup', (error) => {
      if (error === null && this.stage === 'dns') lap('dns', 'connect');
    });
    socket.once('connect', () => {
      lap('connect', secure ? 'tls' : null);
      if (secure) this.#secure(socket, host, { fail, lap, ready });
      else ready(socket);
    });
  }

  #secure(
    socket: net.Socket,
    host: string,
    {
      fail,
      lap,
      ready,
    }: {
      readonly fail: (error: Error) => void;
      readonly lap: (phase: Stage, next: Stage | null) => void;
      readonly ready: (usable: net.Socket) => void;
    },
  ): void {
    const secured = tls.connect({
      socket,
      // Judged below, with the certificate in hand.
      rejectUnauthorized: false,
      ...(net.isIP(host) === 0 ? { servername: host } : { host }),
      secureContext: contextWith(this.#ca),
    });
    this.#track(secured);
    secured.on('error', fail);
    secured.once('close', () =>
      fail(new ProbeFault('tls', `${this.#origin.host} closed the connection in the TLS handshake`)),
    );
    secured.once('secureConnect', () => {
      this.certificate ??= certificateOf(secured);
      if (secured.authorized) {
        lap('tls', null);
        secured.off('error', fail);
        ready(secured);
        return;
      }
      // Node types it as an Error and gives the code as a string.
      const why = secured.authorizationError as unknown;
      const code = why instanceof Error ? ((why as NodeJS.ErrnoException).code ?? why.message) : String(why);
      fail(new ProbeFault('tls', describeRefusal(code, this.#origin.host, this.certificate)));
      secured.destroy();
    });
  }

  #track(socket: net.Socket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }
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
