import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { LoadShape } from '../../src/evidence/index.ts';
import { k6Script } from '../../src/report/index.ts';
import { benchBundle, benchEvidence, block, subjectFigures } from '../builders/bench.ts';

interface K6Run {
  readonly options: { readonly scenarios: { readonly mettle: Readonly<Record<string, unknown>> } };
  readonly iterate: () => void;
  readonly posted: {
    readonly body: Readonly<Record<string, unknown>>;
    readonly headers: Readonly<Record<string, string>>;
  }[];
  readonly failed: boolean[];
}

/** Runs the script as k6 would, with its modules replaced: k6 itself has no package for Node. */
function run(
  script: string,
  answer: (method: string, id: number) => { readonly type: string; readonly body: string },
): K6Run {
  const posted: K6Run['posted'][number][] = [];
  const failed: boolean[] = [];
  const http = {
    post(_url: string, text: string, { headers }: { readonly headers: Readonly<Record<string, string>> }) {
      const body = JSON.parse(text) as { readonly method: string; readonly id: number };
      posted.push({ body, headers });
      const { type, body: reply } = answer(body.method, body.id);
      return {
        status: 200,
        body: reply,
        headers: {
          'Content-Type': type,
          ...(body.method === 'initialize' ? { 'Mcp-Session-Id': 's1' } : {}),
        },
        timings: { duration: 1 },
      };
    },
  };
  const code = script
    .replaceAll(/^import .*$/gm, '')
    .replace('export const options', 'const options')
    .replace('export default function ()', 'const iterate = () =>');
  const Metric = class {
    readonly name: string;
    constructor(name: string) {
      this.name = name;
    }
    add(value: boolean): void {
      if (this.name === 'mcp_call_failed') failed.push(value);
    }
  };
  const world = {
    http,
    check: () => true,
    sleep: () => undefined,
    Counter: Metric,
    Rate: Metric,
    Trend: Metric,
    __ENV: {},
  };
  const made = runInNewContext(`(() => {${code}\nreturn { options, iterate };})()`, world) as Pick<
    K6Run,
    'options' | 'iterate'
  >;
  return { ...made, posted, failed };
}

function scriptOf(shape?: LoadShape): string {
  const figures = block([subjectFigures('search', [1])], shape === undefined ? {} : { shape });
  return k6Script(benchBundle(benchEvidence({ blocks: [figures] }))) ?? '';
}
const json = (id: number, result: string): { readonly type: string; readonly body: string } => ({
  type: 'application/json',
  body: `{"jsonrpc":"2.0","id":${id},"result":${result}}`,
});

describe('the k6 script', () => {
  it('opens a session per user, makes the same calls in it, and counts isError as a failure', () => {
    const results = ['{"content":[]}', '{"content":[],"isError":true}'];
    const k6 = run(scriptOf(), (method, id) =>
      json(id, method === 'tools/call' ? (results.shift() ?? '{}') : '{}'),
    );
    k6.iterate();
    k6.iterate();
    expect(k6.posted.map(({ body }) => body['method'])).toEqual([
      'initialize',
      'notifications/initialized',
      'tools/call',
      'tools/call',
    ]);
    expect(k6.posted[2]?.headers['mcp-session-id']).toBe('s1');
    expect(k6.posted[2]?.body['params']).toEqual({ name: 'search', arguments: { query: '</script>' } });
    expect(k6.failed).toEqual([false, true]);
  });

  it('finds the answer in an event stream', () => {
    const k6 = run(scriptOf(), (_, id) => ({
      type: 'text/event-stream',
      body: `event: message\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\n\nevent: message\ndata: ${json(id, '{"content":[]}').body}\n\n`,
    }));
    k6.iterate();
    expect(k6.failed).toEqual([false]);
  });

  it('has the benchmark’s shape', () => {
    expect(run(scriptOf(), (_, id) => json(id, '{}')).options.scenarios.mettle).toMatchObject({
      executor: 'constant-vus',
      vus: 4,
      duration: '2s',
    });
    const stages = [{ durationMs: 10_000, fromPerSecond: 10, toPerSecond: 50 }];
    const open: LoadShape = { kind: 'open', connections: 2, arrivals: 'constant', stages };
    expect(run(scriptOf(open), (_, id) => json(id, '{}')).options.scenarios.mettle).toMatchObject({
      executor: 'ramping-arrival-rate',
      startRate: 10,
      stages: [
        { target: 10, duration: '0s' },
        { target: 50, duration: '10s' },
      ],
    });
  });
});
