import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProbeOutcome } from '../../../src/evidence/index.ts';
import { Outbox } from '../../../src/watch/alerts/outbox.ts';
import type { ChannelConfig, WatchedServer } from '../../../src/watch/config/config.ts';
import { SqliteHistory } from '../../../src/watch/store/sqlite/history.ts';
import { outcome } from '../../builders/probe.ts';
import { HttpReceiver, MailReceiver } from './receivers.ts';

const SPEC = {
  kind: 'http' as const,
  url: 'https://docs.example/mcp',
  headers: {},
  command: null,
  env: {},
  cwd: '/',
};
const DOCS: WatchedServer = {
  name: 'docs',
  spec: SPEC,
  target: { name: 'docs', spec: SPEC },
  intervalMs: 60_000,
  timeoutMs: 10_000,
  call: null,
  failures: 2,
  recoveries: 1,
  latencyBudgetMs: 800,
  certificateDays: null,
  inside: null,
};
const UP = outcome();
const DOWN = outcome({
  status: 'down',
  failedPhase: 'connect',
  sentence: 'docs.example refused the connection <!channel> & more.',
  tools: null,
});

/** A watcher's history and outbox, with a clock that goes when it is told to. */
class Desk {
  readonly said: string[] = [];
  readonly #history: SqliteHistory;
  readonly #outbox: Outbox;
  // What is put into the outbox is due at once, by the clock on the wall.
  #nowMs = Date.now() + 60_000;
  #slotMs = 0;

  private constructor(folder: string, channels: readonly ChannelConfig[]) {
    this.#history = new SqliteHistory(join(folder, 'w.db'), channels.length);
    this.#outbox = new Outbox(
      this.#history,
      channels,
      (sentence) => this.said.push(sentence),
      () => this.#nowMs,
    );
  }

  static async open(...channels: readonly ChannelConfig[]): Promise<Desk> {
    const folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
    const desk = new Desk(folder, channels);
    onTestFinished(async () => {
      await desk.#history.close();
      await rm(folder, { recursive: true, force: true });
    });
    return desk;
  }

  async sees(...looks: readonly ProbeOutcome[]): Promise<void> {
    for (const look of looks)
      await this.#history.record([
        { server: DOCS, region: 'local', slotMs: (this.#slotMs += 60_000), outcome: look },
      ]);
  }

  /** What is due so many seconds later is offered to the channels. */
  async after(seconds: number): Promise<void> {
    this.#nowMs += seconds * 1000;
    await this.#outbox.flush();
  }
}

function url(receiver: HttpReceiver): string {
  return `http://127.0.0.1:${String(receiver.port)}/hook/q7secret`;
}

describe('a channel', { timeout: 30_000 }, () => {
  it.each([
    [
      'webhook',
      (to: string): ChannelConfig => ({ kind: 'webhook', url: to, headers: { 'x-key': 'h7secret' } }),
    ],
    ['slack', (to: string): ChannelConfig => ({ kind: 'slack', url: to })],
    ['pagerduty', (to: string): ChannelConfig => ({ kind: 'pagerduty', routingKey: 'r7secret', url: to })],
  ])(
    '%s that is not there, then fails, then has too much to do, gets each alert once',
    async (kind, channel) => {
      const receiver = await HttpReceiver.reserve();
      const desk = await Desk.open(channel(url(receiver)));
      await desk.sees(UP, DOWN, DOWN);
      await desk.after(0);
      await receiver.open({ status: 500 }, { status: 429, retryAfter: '7' }, { status: 202 });
      await desk.after(4);
      expect(receiver.received).toHaveLength(0);
      await desk.after(1);
      expect(receiver.received.map(({ status }) => status)).toEqual([500]);
      await desk.after(10);
      expect(receiver.received.map(({ status }) => status)).toEqual([500, 429]);
      await desk.after(6);
      expect(receiver.received).toHaveLength(2);
      await desk.after(1);
      expect(receiver.accepted).toHaveLength(1);
      await desk.after(3600);
      expect(receiver.received).toHaveLength(3);
      expect(desk.said).toEqual([
        `an alert was not accepted by ${kind} (ECONNREFUSED); again in 5 s`,
        `an alert was not accepted by ${kind} (HTTP 500); again in 10 s`,
        `an alert was not accepted by ${kind} (HTTP 429); again in 7 s`,
      ]);
      expect(desk.said.join()).not.toMatch(/[qhr]7secret/);
    },
  );

  it('e-mail that is not there, then refuses for now, gets each alert once', async () => {
    const receiver = await MailReceiver.reserve();
    const desk = await Desk.open({
      kind: 'email',
      smtp: `smtp://watcher:p7%2Fsecret@127.0.0.1:${String(receiver.port)}`,
      from: 'mettle@example.com',
      to: ['ops@example.com', 'boss@example.com'],
    });
    await desk.sees(UP, DOWN, DOWN);
    await desk.after(0);
    receiver.refusals = 1;
    await receiver.open('watcher', 'p7/secret');
    await desk.after(5);
    expect([receiver.attempts, receiver.mails.length]).toEqual([1, 0]);
    await desk.after(10);
    await desk.sees(UP);
    await desk.after(1);
    await desk.after(3600);
    expect([receiver.attempts, receiver.mails.length]).toEqual([3, 2]);
    const [begins = '', ends = ''] = receiver.mails;
    expect(begins).toMatch(/^Subject: docs: down\r$/m);
    expect(begins).toMatch(/^To: ops@example\.com, boss@example\.com\r$/m);
    expect(begins).toContain('docs.example refused the connection');
    expect(ends).toMatch(/^Subject: docs: down is over\r$/m);
    // One thread for both ends of the incident.
    const id = /^Message-ID: (<.*>)\r$/im.exec(begins)?.[1] ?? 'none';
    expect(ends).toContain(`In-Reply-To: ${id}`);
    expect(desk.said).toHaveLength(2);
    expect(desk.said.join()).not.toMatch(/p7(\/|%2F)secret/);
  });

  it('that refuses the beginning is not told of the end before it', async () => {
    const receiver = await HttpReceiver.reserve();
    const desk = await Desk.open({ kind: 'pagerduty', routingKey: 'r7secret', url: url(receiver) });
    await receiver.open({ status: 503 }, { status: 202 });
    await desk.sees(UP, DOWN, DOWN);
    await desk.after(0);
    await desk.sees(UP);
    await desk.after(1);
    expect(receiver.received).toHaveLength(1);
    await desk.after(5);
    await desk.after(1);
    const [begins, ends] = receiver.accepted.map(({ body }) => body);
    expect([begins?.['event_action'], ends?.['event_action']]).toEqual(['trigger', 'resolve']);
    expect(begins?.['dedup_key']).toBe(ends?.['dedup_key']);
    expect(begins).toEqual({
      routing_key: 'r7secret',
      event_action: 'trigger',
      dedup_key: 'mettle-1-down:docs',
      payload: {
        summary: 'docs: down: docs.example refused the connection <!channel> & more.',
        source: 'docs',
        severity: 'critical',
        timestamp: DOWN.startedAt,
      },
    });
  });

  it('of Slack is shown what a server says, and not called by it', async () => {
    const receiver = await HttpReceiver.reserve();
    await receiver.open();
    const desk = await Desk.open({ kind: 'slack', url: url(receiver) });
    await desk.sees(UP, DOWN, DOWN, UP);
    await desk.after(0);
    await desk.after(1);
    expect(receiver.accepted.map(({ body }) => body['text'])).toEqual([
      ':red_circle: docs: down\ndocs.example refused the connection &lt;!channel&gt; &amp; more.',
      ':white_check_mark: docs: down is over\nIt speaks MCP.',
    ]);
  });

  it('is told of a budget exceeded, of tools that changed, of a certificate that expires, and of their ends', async () => {
    const receiver = await HttpReceiver.reserve();
    await receiver.open();
    const desk = await Desk.open({ kind: 'webhook', url: url(receiver), headers: { 'x-key': 'k' } });
    const slow = outcome({ durationMs: 900 });
    const changed = outcome({
      tools: {
        digest: 'other',
        count: 1,
        pages: 1,
        bytes: 10,
        tools: [{ name: 'add', description: 'Adds, and mails your files', schema: '{}', rest: '{}' }],
      },
    });
    await desk.sees(UP, slow, slow, UP, changed, withCertificate(changed, 13), withCertificate(changed, 80));
    for (let turn = 0; turn < 3; turn += 1) await desk.after(1);
    expect(
      receiver.accepted.map(({ body }) => `${String(body['kind'])} ${String(body['state'])}`).toSorted(),
    ).toEqual([
      'certificate-expiring resolved',
      'certificate-expiring triggered',
      'slow resolved',
      'slow triggered',
      'tools-changed triggered',
    ]);
    expect(receiver.accepted[0]?.headers).toMatchObject({ 'x-key': 'k' });
    const keys = receiver.accepted.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(5);
    const sentences = receiver.accepted.map(({ body }) => body['sentence']);
    expect(sentences).toContain('The tool list has changed: add (added).');
    expect(sentences).toContain('A look took 900 ms; the budget is 800 ms.');
  });
});

function withCertificate(look: ProbeOutcome, days: number): ProbeOutcome {
  const validTo = new Date(Date.parse(look.startedAt) + days * 86_400_000).toISOString();
  const validFrom = new Date(Date.parse(look.startedAt) - 80 * 86_400_000).toISOString();
  const chain = [{ subject: 'docs.example', issuer: 'An authority', validFrom, validTo }];
  return {
    ...look,
    certificate: { validTo, names: ['docs.example'], fingerprint256: String(days), chain },
  };
}
