import type {
  Bundle,
  Check,
  Detector,
  EvidenceKey,
  EvidenceMap,
  Finding,
  Severity,
} from '../../src/evidence/index.ts';

export function bundleWith(
  evidence: Partial<EvidenceMap>,
  absent: Partial<Record<EvidenceKey, string>> = {},
): Bundle {
  return {
    manifest: {
      schema: 'mettle/bundle@1',
      mettle: '0.0.0',
      node: 'v20.0.0',
      examination: 'check',
      command: 'mettle check -- node server.js',
      startedAt: '2026-11-22T10:00:00.000Z',
      durationMs: 1000,
      present: Object.keys(evidence) as EvidenceKey[],
      absent,
      notes: [],
    },
    evidence,
  };
}

export function finding(id: string, severity: Severity = 'high'): Finding {
  return {
    id,
    fingerprint: '0123456789abcdef',
    severity,
    confidence: 'measured',
    tool: 'search',
    title: `search suffers from ${id}`,
    evidence: [],
    cost: { value: 1, unit: 'ms', per: 'call' },
    fix: 'mend it',
    verify: { command: 'npx mettle check', expect: 'exit code 0' },
  };
}

export function detectorThatFinds({
  id,
  check,
  severity,
}: {
  id: string;
  check: Check;
  severity?: Severity;
}): Detector {
  return { id, check, needs: [], detect: () => [finding(id, severity)], looked: () => '' };
}

export function exercised(
  tools: readonly { name: string; calls: number; errors: number }[],
): EvidenceMap['exercise'] {
  return {
    subjects: tools.map(({ name, calls, errors }) => ({
      name,
      kind: 'tool',
      exercised: calls > 0,
      reason: calls > 0 ? null : 'not called: it is not marked read-only',
      arguments: 'schema',
      outcomes:
        calls > 0
          ? {
              calls,
              errors,
              errorKinds: errors > 0 ? { 'tool error': errors } : {},
              firstError: errors > 0 ? 'no such file' : null,
            }
          : null,
    })),
  };
}
