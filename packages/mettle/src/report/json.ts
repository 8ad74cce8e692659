import type { Exhibit, Finding, Result, ToolResult, Verdict } from '../evidence/index.ts';

/** The result as CONTRACTS gives it: keys always in the same order, two blanks of indent, a newline at the end. */
export function renderJson(result: Result): string {
  return `${JSON.stringify(orderResult(result), null, 2)}\n`;
}

type Plain = Readonly<Record<string, unknown>>;

/** The known keys first, in their order; then additions, by name. Keys that the value lacks are left out. */
function order(value: object, keys: readonly string[], change: Plain = {}): Plain {
  const from = value as Plain;
  const additions = Object.keys(from)
    .filter((key) => !keys.includes(key))
    .toSorted();
  return Object.fromEntries(
    [...keys, ...additions]
      .filter((key) => from[key] !== undefined)
      .map((key) => [key, change[key] ?? from[key]]),
  );
}

function orderResult(result: Result): Plain {
  const { target } = result;
  const nameVersion = ['name', 'version'];
  return order(
    result,
    [
      'schema',
      'mettle',
      'node',
      'startedAt',
      'durationMs',
      'command',
      'target',
      'tools',
      'time',
      'checks',
      'findings',
      'bench',
      'comparison',
      'inProcess',
      'probe',
      'thresholds',
      'notes',
    ],
    {
      target: order(target, ['kind', 'command', 'url', 'node', 'server', 'protocolVersion', 'era', 'sdk'], {
        server: target.server && order(target.server, nameVersion),
        sdk: target.sdk && order(target.sdk, nameVersion),
      }),
      tools: result.tools.map(orderTool),
      checks: order(
        result.checks,
        ['cpu', 'latency', 'leak', 'serialisation', 'race', 'overload', 'protocol', 'regression'],
        Object.fromEntries(
          Object.entries(result.checks).map(([check, verdict]) => [check, orderVerdict(verdict)]),
        ),
      ),
      findings: result.findings.map(orderFinding),
    },
  );
}

function orderTool(tool: ToolResult): Plain {
  const keys = [
    'name',
    'kind',
    'exercised',
    'reason',
    'calls',
    'errors',
    'latencyMs',
    'cpuMsPerCall',
    'maxBlockMs',
    'retainedBytesPerCall',
    'overlap',
    'time',
  ];
  return order(tool, keys, {
    latencyMs: tool.latencyMs && order(tool.latencyMs, ['p50', 'p95', 'p99', 'max']),
  });
}

function orderVerdict(verdict: Verdict): Plain {
  switch (verdict.status) {
    case 'found':
      return order(verdict, ['status', 'findings'], { findings: verdict.findings.map(orderFinding) });
    case 'clear':
      return order(verdict, ['status', 'looked']);
    case 'skipped':
      return order(verdict, ['status', 'why']);
    case 'failed':
      return order(verdict, ['status', 'error'], { error: order(verdict.error, ['message', 'stack']) });
  }
}

function orderFinding(finding: Finding): Plain {
  const keys = [
    'id',
    'fingerprint',
    'severity',
    'confidence',
    'tool',
    'title',
    'evidence',
    'location',
    'cost',
    'fix',
    'verify',
  ];
  return order(finding, keys, {
    evidence: finding.evidence.map(orderExhibit),
    location: finding.location && order(finding.location, ['file', 'line', 'column', 'function']),
    cost: order(finding.cost, ['value', 'unit', 'per']),
    verify: order(finding.verify, ['command', 'expect']),
  });
}

function orderExhibit(exhibit: Exhibit): Plain {
  const keys = ['kind', 'title'];
  switch (exhibit.kind) {
    case 'table':
      return order(exhibit, [...keys, 'columns', 'rows']);
    case 'series':
      return order(exhibit, [...keys, 'xLabel', 'yLabel', 'series'], {
        series: exhibit.series.map((line) => order(line, ['name', 'points'])),
      });
    case 'stack':
      return order(exhibit, [...keys, 'frames'], {
        frames: exhibit.frames.map((frame) => order(frame, ['function', 'file', 'line', 'column'])),
      });
    case 'retaining-path':
      return order(exhibit, [...keys, 'steps']);
    case 'interleaving':
      return order(exhibit, [...keys, 'lanes', 'steps'], {
        steps: exhibit.steps.map((step) => order(step, ['lane', 'text', 'place', 'note'])),
      });
    case 'transcript':
      return order(exhibit, [...keys, 'lines']);
  }
}
