import type { BenchEvidence, Bundle, LoadShape } from '../evidence/index.ts';
import { CLIENT, ITERATION } from './k6-client.ts';

/** Calls that one iteration may take long for: as k6 names the pool of users that an arrival rate needs. */
const SPARE_USERS = 4;

/**
 * The benchmark's calls as a k6 script, for load from many machines: k6 and its operator distribute it. The same calls in
 * the same proportions and the same shape; `isError` answers and JSON-RPC errors are failures there too. Null where
 * there is nothing to export: no HTTP target, nothing measured.
 */
export function k6Script(bundle: Bundle): string | null {
  const { bench, target } = bundle.evidence;
  if (bench === undefined || target === undefined || target.kind !== 'http' || target.url === null)
    return null;
  if (bench.samples.length === 0) return null;
  const shape = bench.blocks.at(-1)?.shape;
  const durationMs = bench.blocks.at(-1)?.durationMs ?? 10_000;
  return `// Written by Mettle ${bundle.manifest.mettle}: ${bundle.manifest.command.replaceAll('\n', ' ')}
// k6 run mettle.k6.js            one machine
// k6-operator: kind TestRun, parallelism N, with this script in a ConfigMap
// Secrets were redacted: give headers with -e HEADERS='{"authorization":"Bearer …"}', another URL with -e URL=…
import { check, sleep } from 'k6';
import http from 'k6/http';
import { Counter, Rate, Trend } from 'k6/metrics';

const URL = __ENV.URL || ${literal(target.url)};
const OWN_HEADERS = JSON.parse(__ENV.HEADERS || '{}');
const ERA = ${literal(target.era ?? '2025')};
const VERSION = ${literal(target.protocolVersion ?? '2025-11-25')};

// What is called, and its share of the calls; of each, with what.
const SUBJECTS = ${literal(subjectsOf(bench), 2)};

const latency = new Trend('mcp_call_latency', true);
const failed = new Rate('mcp_call_failed');
const failures = new Counter('mcp_call_failures');

export const options = {
  scenarios: { mettle: ${literal(scenarioOf(shape, durationMs), 2).replaceAll('\n', '\n  ')} },
  thresholds: { mcp_call_failed: ['rate<0.001'] },
};

${CLIENT}
${ITERATION}${thinking(shape)}
}
`;
}

function subjectsOf(bench: BenchEvidence): unknown {
  const names = [...new Set(bench.samples.map(({ subject }) => subject.name))];
  return names.map((name) => {
    const samples = bench.samples.filter(({ subject }) => subject.name === name);
    const all = samples.reduce((sum, { times }) => sum + times, 0);
    return {
      name,
      share: rounded(bench.weights[name] ?? 1 / names.length),
      calls: samples.map(({ method, params, times }) => ({ share: rounded(times / all), method, params })),
    };
  });
}

function rounded(share: number): number {
  return Number(share.toFixed(6));
}

function scenarioOf(shape: LoadShape | undefined, durationMs: number): unknown {
  const time = (ms: number): string =>
    ms % 1000 === 0 ? `${ms / 1000}s` : `${Math.max(1, Math.round(ms))}ms`;
  if (shape === undefined || shape.kind !== 'open')
    return {
      executor: 'constant-vus',
      vus: shape?.kind === 'closed' ? shape.connections * shape.inFlight : 1,
      duration: time(durationMs),
    };
  const highest = Math.max(
    ...shape.stages.flatMap(({ fromPerSecond, toPerSecond }) => [fromPerSecond, toPerSecond]),
  );
  // k6 takes whole numbers: below ten a second, per minute.
  const perMinute = shape.stages.some(
    ({ fromPerSecond, toPerSecond }) => fromPerSecond < 10 || toPerSecond < 10,
  );
  const rate = (perSecond: number): number => Math.max(1, Math.round(perSecond * (perMinute ? 60 : 1)));
  return {
    executor: 'ramping-arrival-rate',
    startRate: rate(shape.stages[0]?.fromPerSecond ?? 1),
    timeUnit: perMinute ? '1m' : '1s',
    preAllocatedVUs: Math.max(shape.connections, Math.ceil(highest)),
    maxVUs: Math.max(shape.connections, Math.ceil(highest)) * SPARE_USERS,
    stages: shape.stages.flatMap(({ durationMs: stageMs, fromPerSecond, toPerSecond }) => [
      { target: rate(fromPerSecond), duration: '0s' },
      { target: rate(toPerSecond), duration: time(stageMs) },
    ]),
  };
}

function thinking(shape: LoadShape | undefined): string {
  if (shape?.kind !== 'closed' || shape.thinkTimeMs === 0) return '';
  return `\n  sleep((0.5 + Math.random()) * ${shape.thinkTimeMs / 1000});`;
}

/** A value as JavaScript; nothing in it can end a script element or a line. */
function literal(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
