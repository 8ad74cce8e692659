import { createTransport } from 'nodemailer';
import { redactText } from '../../evidence/index.ts';
import type { ChannelConfig } from '../config/config.ts';
import type { AlertKind } from './hysteresis.ts';

/** A channel that does not answer is asked again later. */
const TIMEOUT_MS = 10_000;
/** PagerDuty takes no longer ones. */
const SUMMARY_CHARACTERS = 1024;
const DEDUP_KEY_CHARACTERS = 255;

/** One alert, as it waits in the outbox. */
export interface Alert {
  /** The same for both ends of an incident. */
  readonly incident: string;
  readonly kind: AlertKind;
  readonly state: 'triggered' | 'resolved';
  readonly server: string;
  readonly at: string;
  readonly sentence: string;
}

/** Why a channel did not accept an alert; holds none of its secrets. */
export class Refusal extends Error {
  /** When it wants to be asked again; null = it does not say. */
  readonly retryAfterMs: number | null;

  constructor(message: string, retryAfterMs: number | null = null) {
    super(message);
    this.name = 'Refusal';
    this.retryAfterMs = retryAfterMs;
  }
}

/** Hands an alert to a channel. Rejects with Refusal unless the channel accepted it. */
export async function send(channel: ChannelConfig, alert: Alert): Promise<void> {
  try {
    await deliver(channel, alert);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(withoutSecrets(describe(error), channel));
  }
}

async function deliver(channel: ChannelConfig, alert: Alert): Promise<void> {
  switch (channel.kind) {
    case 'webhook':
      return post(
        channel.url,
        { schema: 'mettle/alert@1', ...alert },
        // Told twice at worst, after a kill at the wrong moment: by this the receiver knows it.
        { 'idempotency-key': `${keyOf(alert)}:${alert.state}`, ...channel.headers },
      );
    case 'slack':
      return post(channel.url, {
        text: slackText(
          `${alert.state === 'resolved' ? ':white_check_mark:' : ':red_circle:'} ${headline(alert)}\n${alert.sentence}`,
        ),
      });
    case 'pagerduty':
      return post(channel.url, {
        routing_key: channel.routingKey,
        event_action: alert.state === 'resolved' ? 'resolve' : 'trigger',
        dedup_key: keyOf(alert),
        payload: {
          summary: `${headline(alert)}: ${alert.sentence}`.slice(0, SUMMARY_CHARACTERS),
          source: alert.server,
          severity: alert.kind === 'down' ? 'critical' : 'warning',
          timestamp: alert.at,
        },
      });
    case 'email':
      return mail(channel, alert);
  }
}

async function mail(channel: Extract<ChannelConfig, { kind: 'email' }>, alert: Alert): Promise<void> {
  const transport = createTransport(channel.smtp, {
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  } as object);
  // Both ends of an incident are one thread, and a mail that comes twice is seen to be one.
  const idOf = (state: Alert['state']): string =>
    `<${keyOf(alert).replace(/[^\w.-]/g, '_')}.${state}@mettle>`;
  try {
    await transport.sendMail({
      from: channel.from,
      to: [...channel.to],
      subject: headline(alert),
      text: `${alert.sentence}\n\n${alert.at}\n`,
      messageId: idOf(alert.state),
      ...(alert.state === 'resolved' ? { inReplyTo: idOf('triggered') } : {}),
    });
  } finally {
    transport.close();
  }
}

/** The same for both ends, and not that of another watcher that counts its incidents from one as well. */
function keyOf({ incident, server }: Alert): string {
  return `${incident}:${server}`.slice(0, DEDUP_KEY_CHARACTERS);
}

/** "docs: down", "docs: down is over". */
function headline({ server, kind, state }: Alert): string {
  return `${server}: ${kind}${state === 'resolved' ? ' is over' : ''}`;
}

/** What a server says must not call the whole channel: `<!channel>`. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok)
    throw new Refusal(
      `HTTP ${String(response.status)}`,
      waitOf(response.headers.get('retry-after'), Date.now()),
    );
}

/** Milliseconds of a `Retry-After`: seconds, or a date; null where it is neither. */
function waitOf(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const waitMs = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}

/** Node's fetch says "fetch failed"; why is in its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

function withoutSecrets(text: string, channel: ChannelConfig): string {
  const secrets =
    channel.kind === 'email'
      ? passwordsIn(channel.smtp)
      : channel.kind === 'pagerduty'
        ? [channel.routingKey]
        : [channel.url, ...(channel.kind === 'webhook' ? Object.values(channel.headers) : [])];
  return secrets
    .filter((secret) => secret !== '')
    .reduce((clean, secret) => clean.replaceAll(secret, '…'), redactText(text));
}

function passwordsIn(smtp: string): readonly string[] {
  if (!URL.canParse(smtp)) return [smtp];
  const { password } = new URL(smtp);
  return [password, decodeURIComponent(password), smtp];
}
