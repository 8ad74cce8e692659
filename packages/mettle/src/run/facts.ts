import { cpus, loadavg, platform } from 'node:os';
import type { AgentChannel, ServingAgent } from '../collect/index.ts';
import type {
  EvidenceMap,
  ExerciseEvidence,
  Frame,
  OutcomeCounts,
  StdoutEvidence,
  SubjectPlan,
  TargetEvidence,
} from '../evidence/index.ts';
import { redactCommand, redactText } from '../evidence/index.ts';
import { TargetError } from '../session/index.ts';
import type { Session } from '../session/index.ts';
import type { ExaminationRequest } from './request.ts';

/** Why no agent answers from inside, and what to do. */
export function noAgentReason(channel: AgentChannel | null): string {
  if (channel === null)
    return 'Mettle did not start this server, so it cannot look inside: let it start the server with --http URL -- COMMAND';
  if (channel.hellos.length === 0)
    return 'no Node.js process of this command loaded Mettle’s agent, so the server was examined from the outside only';
  return 'Mettle’s agent was loaded but saw no MCP message in that process, so the server was examined from the outside only';
}

/** What of a request tells who is examined. */
type FactsRequest = Pick<ExaminationRequest, 'spec' | 'targetArguments'>;

/** Who was examined. `noAgent` is used when `agent` is null. */
export function targetEvidence(facts: {
  readonly request: FactsRequest;
  readonly session: Session | null;
  readonly agent: ServingAgent | null;
  readonly noAgent: string;
}): TargetEvidence {
  const { request, session, agent, noAgent } = facts;
  const { spec } = request;
  return {
    kind: spec.kind,
    command: spec.kind === 'module' ? null : spec.command === null ? null : redactCommand(spec.command),
    url: spec.kind === 'http' ? redactText(spec.url) : null,
    cwd: spec.cwd,
    targetArguments: request.targetArguments,
    node: agent?.node ?? null,
    server: session?.serverInfo ?? null,
    protocolVersion: session?.protocolVersion ?? null,
    era: session?.era ?? null,
    capabilities: session?.capabilities ?? {},
    sdk: agent?.sdk ?? null,
    agent:
      agent === null
        ? { attached: false, why: noAgent }
        : { attached: true, pid: agent.pid, node: agent.node, instruments: agent.instruments },
    machine: {
      cores: cpus().length,
      platform: platform(),
      loadAverage1m: loadavg()[0] ?? 0,
      node: process.version,
    },
  };
}

/** Notes that the target could not be reached; the sentence for the user. Throws on whatever is no TargetError. */
export function noteUnreached(error: unknown, request: FactsRequest, evidence: Partial<EvidenceMap>): string {
  if (!(error instanceof TargetError)) throw error;
  evidence.reach = error.reach;
  evidence.target ??= targetEvidence({
    request,
    session: null,
    agent: null,
    noAgent: 'the server was not reached',
  });
  return error.message;
}

/** That the server forgot its session while it was used: calls failed by that, and it would have failed any client. */
export function renewalNotes({ renewals = 0 }: Session): string[] {
  if (renewals === 0) return [];
  const often = renewals === 1 ? 'once' : `${String(renewals)} times`;
  return [
    `The server ended the session ${often} while it was in use (HTTP 404), and a new one was opened each time; the calls that this lost are counted as errors.`,
  ];
}

/** Each planned subject with what became of its calls without instruments. */
export function exerciseEvidence(
  plans: readonly SubjectPlan[],
  evidence: Partial<EvidenceMap>,
): ExerciseEvidence {
  const phases = [evidence.latency?.subjects ?? [], evidence.mixedLatency?.subjects ?? []];
  // Where nothing else was driven.
  const inHeap = evidence.latency === undefined ? heapOutcomes(evidence) : new Map<string, OutcomeCounts>();
  return {
    subjects: plans.map((plan) => {
      const parts = phases.flatMap((records) =>
        records.filter((record) => record.subject.name === plan.name).map((record) => record.outcomes),
      );
      const driven = parts.length === 0 ? null : parts.reduce(addOutcomes);
      return { ...plan, outcomes: driven ?? inHeap.get(plan.name) ?? null };
    }),
  };
}

/** Calls of the leak rounds that were to be answered; calls that fail as they are count as failed. */
function heapOutcomes({ heapGrowth }: Partial<EvidenceMap>): ReadonlyMap<string, OutcomeCounts> {
  const outcomes = new Map<string, OutcomeCounts>();
  for (const { name, manner, calls, errors, firstError } of heapGrowth?.subjects ?? []) {
    if (manner === 'answered') outcomes.set(name, { calls, errors, errorKinds: {}, firstError });
    else if (manner === 'failed' && !outcomes.has(name))
      outcomes.set(name, { calls, errors: calls, errorKinds: {}, firstError });
  }
  return outcomes;
}

/** Both together; the first error is the first one's. */
export function addOutcomes(a: OutcomeCounts, b: OutcomeCounts): OutcomeCounts {
  const errorKinds: Record<string, number> = { ...a.errorKinds };
  for (const [kind, count] of Object.entries(b.errorKinds))
    errorKinds[kind] = (errorKinds[kind] ?? 0) + count;
  return {
    calls: a.calls + b.calls,
    errors: a.errors + b.errors,
    errorKinds,
    firstError: a.firstError ?? b.firstError,
  };
}

/** What stood on stdout that was no message, with who wrote it; null where stdout is not the channel. */
export function stdoutEvidence(session: Session, channel: AgentChannel | null): StdoutEvidence | null {
  const noise = session.stdoutNoise;
  if (noise === null) return null;
  const writers = new Map<
    string,
    { subject: string | null; count: number; sample: string; stack: readonly Frame[] }
  >();
  for (const { subject, sample, stack } of channel?.stdoutWriters ?? []) {
    const top = stack.find((frame) => frame.file !== '' && !frame.file.startsWith('node:'));
    const key = top === undefined ? sample : `${top.file}:${top.line}:${top.column}`;
    const writer = writers.get(key) ?? { subject, count: 0, sample: redactText(sample), stack };
    writer.count += 1;
    writers.set(key, writer);
  }
  return { messages: noise.messages, count: noise.count, lines: noise.lines, writers: [...writers.values()] };
}
