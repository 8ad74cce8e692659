import type { ProbeOutcome } from '../../evidence/index.ts';
import { redactText, UsageError } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { quoteShort } from '../../session/fault-sentences.ts';
import { isObject, type JsonObject } from '../../session/rpc-message.ts';
import { ProbeFault } from './fault.ts';
import type { ProbeOptions } from './outcome.ts';
import type { RpcSource } from './rpc.ts';

/** Throws UsageError for a tool that is not to be called again and again without leave, ProbeFault for one that is not listed. */
function mayCall(tool: string, items: readonly JsonObject[], allowWrites: boolean): void {
  const listed = items.find((item) => item['name'] === tool);
  if (listed === undefined) throw new ProbeFault('call', `the tool ${quoteShort(tool)} is not listed`);
  const hints = isObject(listed['annotations']) ? listed['annotations'] : {};
  if (hints['readOnlyHint'] !== true && !allowWrites)
    throw new UsageError(
      `The tool ${quoteShort(tool)} does not say that it is read-only (readOnlyHint), so it is not called; --allow-writes calls it all the same.`,
    );
}

/** What an answered call says, when it is not what was hoped for; null when all is well. */
function callFault(tool: string, result: JsonObject): ProbeFault | null {
  if (result['isError'] !== true) return null;
  const [first] = Array.isArray(result['content']) ? result['content'] : [];
  const text =
    isObject(first) && typeof first['text'] === 'string' ? `: ${quoteShort(redactText(first['text']))}` : '';
  return new ProbeFault('call', `the tool ${quoteShort(tool)} answered with an error${text}`);
}

/** One call. Rejects with ProbeFault when it fails, with UsageError when it may not be made. */
export async function callTool(
  rpc: RpcSource,
  { tool, arguments: args, maxBytes }: NonNullable<ProbeOptions['call']> & { readonly maxBytes: number },
  items: readonly JsonObject[],
  { allowWrites = false }: ProbeOptions,
): Promise<ProbeOutcome['call']> {
  mayCall(tool, items, allowWrites);
  const startedMs = monotonicMs();
  const { reply } = await rpc.request(
    'tools/call',
    { name: tool, arguments: args },
    { phase: 'call', maxBytes },
  );
  if ('error' in reply)
    throw new ProbeFault(
      'call',
      `the tool ${quoteShort(tool)} was answered with error ${String(reply.error.code)}: ${quoteShort(reply.error.message)}`,
    );
  const fault = callFault(tool, reply.result);
  if (fault !== null) throw fault;
  return { tool, durationMs: monotonicMs() - startedMs, isError: false };
}
