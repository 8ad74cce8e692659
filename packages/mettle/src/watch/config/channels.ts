import type { ChannelConfig } from './config.ts';
import type { Reader } from './reader.ts';

const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';

/** The entries of `alerts`. Throws UsageError. */
export function channelsOf(readers: readonly Reader[]): readonly ChannelConfig[] {
  return readers.map(channelOf);
}

function channelOf(reader: Reader): ChannelConfig {
  reader.only('webhook', 'headers', 'slack', 'pagerduty', 'url', 'email');
  const [kind, second] = ['webhook', 'slack', 'pagerduty', 'email'].filter((each) => reader.has(each));
  if (kind === undefined || second !== undefined)
    throw reader.fault('must be one of webhook, slack, pagerduty, email');
  switch (kind) {
    case 'webhook':
      return { kind: 'webhook', url: urlIn(reader, 'webhook'), headers: reader.record('headers') };
    case 'slack':
      return { kind: 'slack', url: urlIn(reader, 'slack') };
    case 'pagerduty':
      return {
        kind: 'pagerduty',
        routingKey: reader.needed('pagerduty'),
        url: reader.has('url') ? urlIn(reader, 'url') : PAGERDUTY_URL,
      };
    default:
      return emailOf(reader);
  }
}

function emailOf(reader: Reader): ChannelConfig {
  const email = reader.child('email');
  if (email === null) throw reader.fault('is missing', 'email');
  email.only('smtp', 'from', 'to');
  const smtp = email.needed('smtp');
  if (!/^smtps?:\/\//.test(smtp)) throw email.fault('must be an smtp:// or smtps:// URL', 'smtp');
  const to = email.texts('to') ?? [];
  if (to.length === 0) throw email.fault('is missing', 'to');
  return { kind: 'email', smtp, from: email.needed('from'), to };
}

function urlIn(reader: Reader, key: string): string {
  const url = reader.needed(key);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw reader.fault('must be an http:// or https:// URL', key);
  return url;
}
