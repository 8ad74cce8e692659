import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { SMTPServer } from 'smtp-server';
import { onTestFinished } from 'vitest';
import { freePort } from '../../free-port.ts';

/** How a receiver answers: a status, and when it wants to be asked again. */
export interface Answer {
  readonly status: number;
  readonly retryAfter?: string;
}
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
  readonly status: number;
}

/** A receiver of webhooks that is not there before `open`; answers as told, in turn, the last one for good. */
export class HttpReceiver {
  readonly received: Received[] = [];
  readonly port: number;
  readonly #server: Server;
  #answers: readonly Answer[] = [{ status: 200 }];

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const [answer = { status: 200 }, ...later] = this.#answers;
        if (later.length > 0) this.#answers = later;
        const { status, retryAfter } = answer;
        const body = JSON.parse(Buffer.concat(parts).toString()) as Received['body'];
        this.received.push({ headers: request.headers, body, status });
        response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end('{}');
      });
    });
  }

  static async reserve(): Promise<HttpReceiver> {
    return new HttpReceiver(createServer(), await freePort());
  }

  async open(...answers: readonly Answer[]): Promise<void> {
    if (answers.length > 0) this.#answers = answers;
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
    onTestFinished(() => {
      this.#server.closeAllConnections();
      this.#server.close();
    });
  }

  /** What it accepted, in order. */
  get accepted(): readonly Received[] {
    return this.received.filter(({ status }) => status < 300);
  }
}

/** A receiver of mail with a password; refuses as many mails as told, for the time being. */
export class MailReceiver {
  readonly mails: string[] = [];
  readonly port: number;
  refusals = 0;
  attempts = 0;

  private constructor(port: number) {
    this.port = port;
  }

  static async reserve(): Promise<MailReceiver> {
    return new MailReceiver(await freePort());
  }

  async open(user: string, password: string): Promise<void> {
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: (auth, _session, done) => {
        if (auth.username === user && auth.password === password) done(null, { user });
        else done(new Error('Who are you?'));
      },
      onData: (stream, _session, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', () => {
          this.attempts += 1;
          if (this.refusals > 0) {
            this.refusals -= 1;
            done(Object.assign(new Error('Try again later'), { responseCode: 451 }));
            return;
          }
          this.mails.push(Buffer.concat(parts).toString());
          done(null);
        });
      },
    });
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  }
}
