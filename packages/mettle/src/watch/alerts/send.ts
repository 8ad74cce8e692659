import { createTransport } from 'nodemailer';
import type { ChannelConfig } from '../config/config.ts';
import type { AlertKind } from './hysteresis.ts';

/** A channel that does not answer is asked again later. */
const TIMEOUT_MS = 10_000;

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

/** Hands an alert to a channel. Rejects unless the channel accepted it. */
export async function send(channel: ChannelConfig, alert: Alert): Promise<void> {
  switch (channel.kind) {
    case 'webhook':
      return post(channel.url, { schema: 'mettle/alert@1', ...alert }, channel.headers);
    case 'slack':
      return post(channel.url, {
        text: `${alert.state === 'resolved' ? ':white_check_mark:' : ':red_circle:'} ${headline(alert)}\n${alert.sentence}`,
      });
    case 'pagerduty':
      return post(channel.url, {
        routing_key: channel.routingKey,
        event_action: alert.state === 'resolved' ? 'resolve' : 'trigger',
        dedup_key: alert.incident,
        payload: {
          summary: `${headline(alert)}: ${alert.sentence}`.slice(0, 1024),
          source: alert.server,
          severity: alert.kind === 'down' ? 'critical' : 'warning',
          timestamp: alert.at,
        },
      });
    case 'email': {
      const transport = createTransport(channel.smtp, {
        connectionTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
      } as object);
      try {
        await transport.sendMail({
          from: channel.from,
          to: [...channel.to],
          subject: headline(alert),
          text: `${alert.sentence}\n\n${alert.at}\n`,
        });
      } finally {
        transport.close();
      }
    }
  }
}

/** "docs: down", "docs: down is over". */
function headline({ server, kind, state }: Alert): string {
  return `${server}: ${kind}${state === 'resolved' ? ' is over' : ''}`;
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
  if (!response.ok) throw new Error(`HTTP ${String(response.status)}`);
}
