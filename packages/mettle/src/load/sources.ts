import type { Subject } from '../evidence/index.ts';
import { seedFor } from '../stats/index.ts';
import type { CallSource } from './load.ts';
import { compileTemplate } from './template.ts';
import type { MethodCall, ToolCall } from './workload.ts';

/** A request ready to be sent. */
export interface PreparedRequest {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Calls that were made ready before, one after the other, over and over. */
export function rotatingSource(
  subject: Subject,
  requests: readonly [PreparedRequest, ...PreparedRequest[]],
): CallSource {
  return { subject, weight: 1, inTurn: requests, call: (i) => requests[i % requests.length] ?? requests[0] };
}

/** The user's calls of one subject, each as often as its weight says; their placeholders are filled per call. */
export function workloadSource(
  subject: Subject,
  calls: readonly (ToolCall | MethodCall)[],
  setting: { readonly directory: string | null; readonly seed: number },
): CallSource {
  const requests = calls.map((call, k) =>
    requestOf(call, {
      directory: setting.directory,
      seed: seedFor(setting.seed, `${subject.name}/${k}`),
    }),
  );
  const weight = calls.reduce((sum, call) => sum + call.weight, 0);
  const upTo: number[] = [];
  for (const call of calls) upTo.push((upTo.at(-1) ?? 0) + call.weight / weight);
  const varies = requests.every((request) => JSON.stringify(request(1)) !== JSON.stringify(request(2)));
  const source: CallSource = {
    subject,
    weight,
    call(i) {
      // Multiples of the golden ratio fall evenly: after any number of calls the shares are as near to the weights as can be.
      const place = (i * 0.618_033_988_749_894_9) % 1;
      const chosen = upTo.findIndex((bound) => place < bound);
      // The last bound may be a rounding error below 1.
      const request = requests.at(chosen) as (i: number) => PreparedRequest;
      return request(i);
    },
  };
  // The user's `{i}` and `{uuid}` make them so; without, they are what the user wants called.
  if (varies) return { ...source, fresh: source.call };
  return requests.some((request) => takesArguments(request(1))) ? { ...source, repeats: true } : source;
}

function takesArguments({ params }: PreparedRequest): boolean {
  return Object.keys((params['arguments'] as object | undefined) ?? {}).length > 0;
}

/** The requests that a workload's `setup` asks for, in order, placeholders filled. */
export function setupRequests(
  setup: readonly ToolCall[],
  setting: { readonly directory: string | null; readonly seed: number },
): readonly PreparedRequest[] {
  return setup.map((call, i) =>
    requestOf(call, { directory: setting.directory, seed: seedFor(setting.seed, `setup/${i}`) })(i),
  );
}

/** The i-th request of a call, its placeholders filled. */
export function requestOf(
  call: ToolCall | MethodCall,
  setting: { readonly directory: string | null; readonly seed: number },
): (i: number) => PreparedRequest {
  const request: PreparedRequest =
    'tool' in call
      ? { method: 'tools/call', params: { name: call.tool, arguments: call.arguments } }
      : { method: call.method, params: call.params };
  const template = compileTemplate(request, setting);
  return (i) => template.render(i) as PreparedRequest;
}
