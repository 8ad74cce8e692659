import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import type { Result } from '../../../src/evidence/index.ts';
import { fixture, freePort } from '../../session/targets.ts';

const METTLE = fileURLToPath(new URL('../../../bin/mettle.js', import.meta.url));
const STAND_IN = fileURLToPath(new URL('stand-in.mjs', import.meta.url));
const BOTH_ERAS = fileURLToPath(new URL('../../../../sick-servers/both-eras/server.js', import.meta.url));
const OUTCOMES = fileURLToPath(new URL('../../load/drive/fixtures/outcomes-server.mjs', import.meta.url));

interface Seen {
  readonly httpMethod: string;
  readonly headers: IncomingHttpHeaders;
  readonly message: { readonly method?: string; readonly params?: Readonly<Record<string, unknown>> };
}

/** A server behind a proxy that keeps what was asked of it. */
async function watched(
  argsFor: (port: string) => readonly string[],
): Promise<{ readonly url: string; take(): readonly Seen[] }> {
  const port = await freePort();
  const child = spawn(process.execPath, argsFor(String(port)), { stdio: 'ignore' });
  let seen: Seen[] = [];
  const proxy = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const { method: httpMethod = '', headers, url: path = '' } = request;
      const message = body.length === 0 ? {} : (JSON.parse(body.toString()) as Seen['message']);
      seen.push({ httpMethod, headers, message });
      const { host: _, ...others } = headers;
      const onward = httpRequest(
        { port, host: '127.0.0.1', path, method: httpMethod, headers: others },
        (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers)),
      );
      onward.on('error', () => response.writeHead(502).end());
      response.on('close', () => onward.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    child.kill();
    proxy.closeAllConnections();
    proxy.close();
  });
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp`,
    take() {
      const taken = seen;
      seen = [];
      return taken;
    },
  };
}

interface Summary {
  readonly iterations: number;
  readonly users: number;
  readonly dropped: number;
  readonly crossed: readonly string[];
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** `mettle bench --export k6`, then the script it wrote; what each asked of the server. */
async function both(
  argsFor: (port: string) => readonly string[],
  options: readonly string[],
): Promise<{
  readonly result: Result;
  readonly summary: Summary;
  readonly mettle: readonly Seen[];
  readonly k6: readonly Seen[];
}> {
  const server = await watched(argsFor);
  const folder = mkdtempSync(join(tmpdir(), 'mettle-k6-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const run = promisify(execFile);
  await expect.poll(() => fetch(server.url).then(({ status }) => status), { timeout: 20_000 }).not.toBe(502);
  const { stdout } = await run(
    process.execPath,
    [
      METTLE,
      'bench',
      '--http',
      server.url,
      '--format',
      'json',
      '--export',
      'k6',
      '--out',
      folder,
      ...options,
    ],
    { cwd: folder, maxBuffer: 2 ** 26 },
  );
  const mettle = server.take();
  // Exit code 99 says that a threshold was crossed.
  const { stdout: told } = await run(process.execPath, [STAND_IN, join(folder, 'mettle.k6.js')]).catch(
    (error: { readonly code: unknown; readonly stdout: string }) => {
      if (error.code !== 99) throw error;
      return error;
    },
  );
  return {
    result: JSON.parse(stdout) as Result,
    summary: JSON.parse(told) as Summary,
    mettle,
    k6: server.take(),
  };
}

const callsOf = (seen: readonly Seen[]): readonly Seen[] =>
  seen.filter(
    ({ message }) => !/^(initialize|notifications\/|server\/)/.test(message.method ?? 'notifications/'),
  );

/** Method and parameters, without what names the client. */
function asked({ message: { method, params } }: Seen): string {
  const { _meta, ...rest } = params ?? {};
  return JSON.stringify([method, rest]);
}

const subjectOf = ({ message: { method, params } }: Seen): unknown =>
  method === 'tools/call' ? params?.['name'] : method;

const protocolHeaders = ({ headers }: Seen): unknown =>
  Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) =>
        (name.startsWith('mcp-') && name !== 'mcp-session-id') ||
        name === 'content-type' ||
        name === 'accept',
    ),
  );

/** Within five standard deviations of a share that is drawn. */
function expectShare(seen: number, share: number, draws: number): void {
  expect(Math.abs(seen - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / draws));
}

/** Half a minute for two: `npm run smoke` tries them, `npm test` the third. */
const all = process.env['METTLE_SMOKE'] === 'all';

it.runIf(all)(
  'a k6 script makes the calls that Mettle made, in sessions of its own, in the same shares',
  async () => {
    const { result, summary, mettle, k6 } = await both(
      (port) => [fixture('v1-server.mjs'), 'http', port, 'sessions'],
      ['--duration', '1500ms', '--connections', '3'],
    );
    expect(summary).toMatchObject({ users: 3, crossed: [], metrics: { mcp_call_failed: { rate: 0 } } });
    expect(k6.filter(({ message }) => message.method === 'initialize')).toHaveLength(3);
    expect(new Set(callsOf(k6).map(({ headers }) => headers['mcp-session-id'])).size).toBe(3);
    expect(callsOf(k6)).toHaveLength(summary.iterations);
    const known = new Set(callsOf(mettle).map(asked));
    expect(callsOf(k6).filter((call) => !known.has(asked(call)))).toEqual([]);
    const { weights = {} } = result.bench ?? {};
    expect(Object.keys(weights).length).toBeGreaterThan(1);
    for (const [name, share] of Object.entries(weights)) {
      const seen = callsOf(k6).filter((call) => subjectOf(call) === name).length / summary.iterations;
      expectShare(seen, share, summary.iterations);
    }
  },
  120_000,
);

it.runIf(all)(
  'a k6 script begins calls at the rate that Mettle did, with what the 2026 era wants in every one',
  async () => {
    const { summary, mettle, k6 } = await both(
      (port) => [BOTH_ERAS, port],
      ['--rate', '12', '--duration', '2s', '--tool', 'add'],
    );
    expect(summary).toMatchObject({ iterations: 24, dropped: 0, crossed: [] });
    expect(k6).toHaveLength(24);
    expect(k6.map(protocolHeaders)).toEqual(k6.map(() => protocolHeaders(callsOf(mettle).at(-1) as Seen)));
    const metaOf = ({ message: { params } }: Seen): readonly string[] =>
      Object.keys(params?.['_meta'] ?? {}).toSorted();
    expect(metaOf(k6[0] as Seen)).toEqual(metaOf(callsOf(mettle).at(-1) as Seen));
  },
  120_000,
);

it('a k6 script takes a stream up again and counts isError as a failure, as Mettle does', async () => {
  const { result, summary, k6 } = await both(
    (port) => [OUTCOMES, port],
    ['--duration', '1s', '--workload', fileURLToPath(new URL('outcomes-workload.json', import.meta.url))],
  );
  const outcomes = result.bench?.blocks[0]?.subjects.find(({ subject }) => subject.name === 'end')?.outcomes;
  const { calls = 0, failures = {} } = outcomes ?? {};
  expect(failures).toEqual({ 'tool-error': expect.any(Number) as number });
  expect(outcomes?.ok).toBe(calls - (failures['tool-error'] ?? 0));
  expect((failures['tool-error'] ?? 0) / calls).toBeCloseTo(0.25, 1);
  const asking = (how: string): number =>
    callsOf(k6).filter(({ message }) => JSON.stringify(message.params).includes(how)).length;
  const { rate = 0, count = 0 } = summary.metrics['mcp_call_failed'] ?? {};
  expect(summary.crossed).toEqual(asking('isError') > 0 ? ['rate<0.001'] : []);
  expect(count).toBe(callsOf(k6).length);
  expect(Math.round(rate * count)).toBe(asking('isError'));
  expect(k6.filter(({ headers }) => headers['last-event-id'] !== undefined)).toHaveLength(asking('later'));
  const ofTool = asking('later') + asking('isError');
  expectShare(asking('later') / ofTool, 0.75, ofTool);
}, 120_000);
