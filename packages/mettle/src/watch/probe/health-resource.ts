import type { InsideFacts, InsideLook } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { quoteShort } from '../../session/fault-sentences.ts';
import { isObject, type JsonObject } from '../../session/rpc-message.ts';
import type { InsideRequest } from './outcome.ts';
import type { RpcSource } from './rpc.ts';

/** Where a server hardened by @mettle/runtime tells its health. */
const HEALTH_URI = 'mettle://health';
/** It answers before any queue; what takes longer than this would not tell much anyway. */
const HEALTH_MS = 2000;
const MAX_BYTES = 1024 * 1024;
/** Health is registered with the first resources; nobody's catalogue is read to its end for it. */
const MAX_PAGES = 3;

const UNASKED: InsideLook = { facts: null, offersHealth: null, fault: null };

/** What the server's health resource tells, when it has one. Rejects only with the signal's reason. */
export async function readHealth(
  rpc: RpcSource,
  capabilities: JsonObject,
  how: InsideRequest['health'],
  signal: AbortSignal | undefined,
): Promise<InsideLook> {
  if (how === 'no') return UNASKED;
  if (how === 'find' && capabilities['resources'] === undefined) return { ...UNASKED, offersHealth: false };
  const startedAtMs = monotonicMs();
  const limits = {
    phase: 'call' as const,
    maxBytes: MAX_BYTES,
    deadlineMs: startedAtMs + HEALTH_MS,
    startedAtMs,
  };
  let offersHealth: boolean | null = null;
  try {
    if (how === 'find') {
      offersHealth = await listsHealth(rpc, limits);
      if (!offersHealth) return { ...UNASKED, offersHealth };
    }
    const { reply } = await rpc.request('resources/read', { uri: HEALTH_URI }, limits);
    if ('error' in reply)
      return {
        ...UNASKED,
        offersHealth,
        fault: `${HEALTH_URI} was answered with error ${String(reply.error.code)}: ${quoteShort(reply.error.message)}`,
      };
    const facts = factsIn(reply.result);
    const fault = facts === null ? `${HEALTH_URI} does not hold what @mettle/runtime tells there` : null;
    return { facts, offersHealth, fault };
  } catch (error) {
    signal?.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return { ...UNASKED, offersHealth, fault: `${HEALTH_URI} was not read: ${why}` };
  }
}

async function listsHealth(rpc: RpcSource, limits: Parameters<RpcSource['request']>[2]): Promise<boolean> {
  let cursor: unknown;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { reply } = await rpc.request(
      'resources/list',
      typeof cursor === 'string' ? { cursor } : undefined,
      limits,
    );
    if ('error' in reply) return false;
    const { resources, nextCursor } = reply.result;
    if (Array.isArray(resources) && resources.some((each) => isObject(each) && each['uri'] === HEALTH_URI))
      return true;
    if (typeof nextCursor !== 'string' || nextCursor === '') return false;
    cursor = nextCursor;
  }
  return false;
}

function factsIn({ contents }: JsonObject): InsideFacts | null {
  const [first] = Array.isArray(contents) ? contents : [];
  if (!isObject(first) || typeof first['text'] !== 'string') return null;
  let health: unknown;
  try {
    health = JSON.parse(first['text']);
  } catch {
    return null;
  }
  if (!isObject(health) || health['schema'] !== 'mettle/health@1') return null;
  const pressure = isObject(health['pressure']) ? health['pressure'] : {};
  return {
    status: health['status'] === 'overloaded' ? 'overloaded' : 'ok',
    heapBytes: figure(pressure['heapBytes']),
    heapLimitBytes: figure(pressure['heapLimitBytes']),
    rssBytes: figure(pressure['rssBytes']),
    eventLoopDelayMs: figure(pressure['delayMs']),
    eventLoopUtilization: figure(pressure['utilization']),
    running: figure(health['running']),
    queued: figure(health['queued']),
    refused: figure(health['refused']),
    uptimeS: figure(health['uptimeS']),
  };
}

/** What a server says is a figure only when it is one. */
function figure(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
