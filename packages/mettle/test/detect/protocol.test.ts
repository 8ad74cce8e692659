import { describe, expect, it } from 'vitest';
import { slowToolsList } from '../../src/detect/detectors/slow-tools-list.ts';
import { stdoutPollution } from '../../src/detect/detectors/stdout-pollution.ts';
import { unreachable } from '../../src/detect/detectors/unreachable.ts';
import { at, inNode, inPackage } from '../builders/frames.ts';
import { server } from '../builders/server.ts';

describe('stdout-pollution', () => {
  const line = { text: 'converted 5 EUR to USD', during: 'convert' };
  const stack = [inNode('log', 'internal/console/constructor'), at('convert', 'src/tools.js', 70)];

  it('names the tool and the line that writes', () => {
    const told = server()
      .tool('convert')
      .prints({
        count: 40,
        lines: [line, line],
        writers: [{ subject: 'convert', count: 40, sample: line.text, stack }],
      });
    const findings = stdoutPollution.detect(told.evidence());
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      tool: 'convert',
      severity: 'high',
      location: { file: '/srv/shop/src/tools.js', line: 70 },
      cost: { value: 40, unit: 'lines' },
    });
    expect(findings[0]?.title).toBe(
      '`convert` writes text to stdout, where clients expect only JSON-RPC (40 times, first "converted 5 EUR to USD"), at src/tools.js:70',
    );
    expect(findings[0]?.verify.command).toBe(
      'npx mettle check --tool convert --fail-on stdout-pollution -- node src/server.js',
    );
  });

  it('names the tool in flight where nobody saw the writer', () => {
    const [finding] = stdoutPollution.detect(
      server()
        .tool('convert')
        .prints({ count: 3, lines: [line, line, line] })
        .evidence(),
    );
    expect(finding).toMatchObject({ tool: 'convert', severity: 'high' });
    expect(finding?.title).toBe(
      '3 of the lines on stdout are not JSON-RPC; some come while `convert` runs: "converted 5 EUR to USD"',
    );
  });

  it('joins a writer whose call the agent did not know with the call in flight, and counts all lines', () => {
    const told = server()
      .tool('convert')
      .prints({
        count: 960,
        lines: [line, line],
        writers: [{ subject: null, count: 50, sample: `${line.text}\n`, stack }],
      });
    const findings = stdoutPollution.detect(told.evidence());
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      tool: 'convert',
      location: { line: 70 },
      cost: { value: 960, unit: 'lines' },
    });
  });

  it('tells start-up lines, which a wrapper may have printed, from those of a writer', () => {
    const told = server()
      .tool('convert')
      .prints({
        count: 42,
        lines: [{ text: '> shop@1.0.0 start', during: 'start-up' }, line],
        writers: [{ subject: 'convert', count: 40, sample: line.text, stack }],
      });
    const findings = stdoutPollution.detect(told.evidence());
    expect(findings.map((finding) => [finding.tool, finding.severity])).toEqual([
      ['convert', 'high'],
      [undefined, 'medium'],
    ]);
    expect(findings[1]?.fix).toContain('npm run --silent');
  });

  it('counts two stacks in one function as one fault', () => {
    const elsewhere = [at('convert', 'src/tools.js', 90)];
    const told = server()
      .tool('convert')
      .prints({
        count: 2,
        lines: [line],
        writers: [
          { subject: 'convert', count: 1, sample: 'a', stack },
          { subject: 'convert', count: 1, sample: 'b', stack: elsewhere },
        ],
      });
    expect(stdoutPollution.detect(told.evidence())).toHaveLength(1);
  });

  it('quotes a line that says something, though the first is empty', () => {
    const lines = ['', '> shop@1.0.0 start'].map((text) => ({ text, during: 'start-up' }));
    const [finding] = stdoutPollution.detect(server().prints({ count: 2, lines }).evidence());
    expect(finding?.title).toBe(
      '2 of the lines on stdout are not JSON-RPC; some come while the server starts: "> shop@1.0.0 start"',
    );
  });

  it('is silent about a clean stdout, and where stdout is not the channel', () => {
    expect(stdoutPollution.detect(server().evidence())).toEqual([]);
    expect(stdoutPollution.looked(server().evidence())).toBe('100 messages on stdout, every line JSON-RPC');
    expect(stdoutPollution.detect(server().prints({ messages: null, count: 5 }).evidence())).toEqual([]);
  });
});

describe('slow-tools-list', () => {
  const list = (): ReturnType<typeof server> => server().tool('tools/list').called(20);

  it('finds a listing that computes, at its line', () => {
    const stack = [
      inPackage('toJSONSchema', 'zod/v4/core/to-json-schema.js', 90),
      at('listTools', 'src/registry.js', 15),
    ];
    const [finding] = slowToolsList.detect(
      list().blocks(300, { stack }).alone({ p50: 310, cpuMs: 305, calls: 20 }).evidence(),
    );
    expect(finding?.title).toBe(
      'tools/list takes 305 ms of CPU on the main thread each time to list 0 tools (2 KiB on 1 page), at src/registry.js:15',
    );
    expect(finding).toMatchObject({ tool: 'tools/list', severity: 'high', confidence: 'measured' });
    expect(finding?.verify.command).toBe('npx mettle check --fail-on slow-tools-list -- node src/server.js');
  });

  it('finds a listing that waits', () => {
    const told = list().alone({
      p50: 800,
      cpuMs: 2,
      calls: 10,
      slowest: Array.from({ length: 10 }, () => ({ latencyMs: 800, hostDelayMs: 5 })),
    });
    expect(slowToolsList.detect(told.evidence())[0]?.title).toContain('795 ms of waiting (median)');
  });

  it('is less sure without a CPU clock', () => {
    expect(
      slowToolsList.detect(list().alone({ p50: 800, cpuMs: null, calls: 10 }).evidence())[0]?.confidence,
    ).toBe('suspected');
  });

  it.each([
    ['a fast listing', list().alone({ p50: 3, cpuMs: 2 })],
    ['one dear first listing', list().alone({ p50: 2, cpuMs: 60, calls: 5 })],
    [
      'a listing that the host delayed',
      list().alone({
        p50: 700,
        cpuMs: 4,
        calls: 10,
        slowest: Array.from({ length: 10 }, () => ({ latencyMs: 700, hostDelayMs: 650 })),
      }),
    ],
    ['two listings', list().alone({ p50: 700, cpuMs: 600, calls: 2 })],
    ['a server that was not asked to list', server().tool('other').alone({ p50: 900, cpuMs: 900 })],
  ])('is silent about %s', (_what, told) => {
    expect(slowToolsList.detect(told.evidence())).toEqual([]);
  });

  it('says how often it listed, or that it did not', () => {
    expect(slowToolsList.looked(list().alone({ p50: 3, cpuMs: 2, calls: 40 }).evidence())).toBe(
      '40 calls of tools/list, 3 ms (median), 2 ms of CPU each',
    );
    expect(slowToolsList.looked(server().evidence())).toContain('was not timed');
  });
});

describe('unreachable', () => {
  it('says which phase failed, how far it got and what to check', () => {
    const evidence = server().evidence();
    const failed = {
      phase: 'handshake' as const,
      message: 'no answer to initialize within 15 s',
      stderrTail: ['waiting for database'],
    };
    const [finding] = unreachable.detect({ ...evidence, reach: { ...evidence.reach, failed } });
    expect(finding?.title).toBe(
      'The server cannot be reached: the MCP handshake was not answered (handshake): no answer to initialize within 15 s',
    );
    expect(finding?.severity).toBe('critical');
    expect(finding?.evidence).toContainEqual({
      kind: 'transcript',
      title: 'Its last lines on stderr',
      lines: ['waiting for database'],
    });
    expect(finding?.verify.command).toBe('npx mettle check --fail-on unreachable -- node src/server.js');
  });

  it('works when nothing is known of the target but the failure', () => {
    const failed = { phase: 'connect' as const, message: 'refused', stderrTail: [] };
    expect(unreachable.detect({ reach: { phases: [], failed } })[0]?.verify.command).toBe(
      'npx mettle check --fail-on unreachable',
    );
  });

  it('is silent about a server that answered', () => {
    expect(unreachable.detect(server().evidence())).toEqual([]);
    expect(unreachable.looked(server().evidence())).toBe('reached in 150 ms (spawn 30 ms, handshake 120 ms)');
  });
});
