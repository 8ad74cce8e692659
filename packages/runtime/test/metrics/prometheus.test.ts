import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { prometheusText, PROMETHEUS_TYPE, serveMetrics } from '../../src/metrics/index.ts';
import { worked } from './worked.ts';

// Comes with Prometheus; where it is not installed its test is skipped.
const PROMTOOL: string = 'promtool';
const hasPromtool = spawnSync(PROMTOOL, ['--version']).status === 0;

/** What the panels of the dashboard ask Prometheus. */
function queries(): string[] {
  const text = readFileSync(new URL('../../dashboards/grafana.json', import.meta.url), 'utf8');
  const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

describe('Prometheus', () => {
  test('durations by tool and error, limits, refusals and pressure are in the text, under the official names', async () => {
    const text = prometheusText(await worked(), {
      'work.js': { stats: () => ({ running: 1, queued: 2, threads: 3, done: 4, failed: 5, killed: 6 }) },
    });
    const lines = text.split('\n');
    const duration = 'mcp_server_operation_duration_seconds';
    expect(lines).toContain(`# TYPE ${duration} histogram`);
    expect(lines).toContain(`${duration}_count{mcp_method_name="tools/call",gen_ai_tool_name="ok"} 2`);
    expect(lines).toContain(
      `${duration}_count{mcp_method_name="tools/call",gen_ai_tool_name="fails",error_type="tool_error"} 1`,
    );
    expect(lines).toContain(
      `${duration}_bucket{mcp_method_name="tools/call",gen_ai_tool_name="ok",le="+Inf"} 2`,
    );
    expect(lines).toContain(`${duration}_count{mcp_method_name="ping"} 1`);
    expect(text).toContain('gen_ai_tool_name="odd \\"name\\"\\n"');
    expect(lines).toContain('mettle_limit{mcp_method_name="tools/call",gen_ai_tool_name="ok"} 20');
    expect(lines).toContain('mettle_admitted_total 4');
    expect(lines).toContain('mettle_pool_killed_total{pool="work.js"} 6');
    for (const line of lines.filter((each) => each !== '' && !each.startsWith('#'))) {
      expect(line).toMatch(/^[a-z_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)+\})? -?[0-9.e+-]+$/);
    }
    expect(lines.filter((line) => line.startsWith('# TYPE')).length).toBe(
      new Set(lines.filter((line) => line.startsWith('# TYPE'))).size,
    );
  });

  test.skipIf(!hasPromtool)('promtool finds nothing wrong with it', async () => {
    const checked = spawnSync(PROMTOOL, ['check', 'metrics'], { input: prometheusText(await worked()) });
    expect(String(checked.stderr)).not.toMatch(/error/i);
  });

  test('the endpoint serves them on the loopback, and nothing else', async () => {
    const server = serveMetrics(await worked(), { port: 0 });
    await once(server, 'listening');
    const { address, port } = server.address() as AddressInfo;
    expect(address).toBe('127.0.0.1');
    const page = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(page.headers.get('content-type')).toBe(PROMETHEUS_TYPE);
    expect(await page.text()).toContain('mettle_admitted_total 4');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    server.closeAllConnections();
    server.close();
  });

  test.skipIf(!hasPromtool)('promtool takes every query of the Grafana dashboard', () => {
    const rules = queries().map((expression, at) => ({
      record: `panel:query${at}`,
      // Grafana fills these in; Prometheus does not know them.
      expr: expression.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*'),
    }));
    const directory = mkdtempSync(join(tmpdir(), 'mettle-rules-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'rules.json');
    // JSON is YAML too.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const { stdout, stderr, status } = spawnSync(PROMTOOL, ['check', 'rules', file], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(status).toBe(0);
  });

  test('every metric that the Grafana dashboard asks for exists', async () => {
    const asked = queries();
    expect(asked.length).toBeGreaterThan(8);
    const pools = {
      p: { stats: () => ({ running: 0, queued: 0, threads: 1, done: 0, failed: 0, killed: 0 }) },
    };
    const text = prometheusText(await worked(), pools);
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    for (const name of asked.join(' ').match(/\b(mettle|mcp)_[a-z_]+\b/g) ?? []) {
      // Labels share the prefix; they are checked as text.
      const isKnown =
        known.has(name) || known.has(name.replace(/_(bucket|count|sum)$/, '')) || text.includes(`${name}="`);
      expect([name, isKnown]).toEqual([name, true]);
    }
  });
});
