import type { HandleGrowth, HeapRound, HeapSubject } from '../../../evidence/index.ts';
import { matchCounts } from './coded-match.ts';

/** What was open at one moment, by Node's or the kernel's name for it. */
export interface OpenHandles {
  readonly resources: Readonly<Record<string, number>>;
  readonly descriptors: Readonly<Record<string, number>> | null;
}

/** A resource that grows with somebody's calls; what it does later is not known yet. */
export type HandleCandidate = Omit<HandleGrowth, 'site' | 'bound'>;

const KINDS: readonly (readonly [RegExp, HandleGrowth['kind']])[] = [
  [/^(Process|ChildProcess)/i, 'child-process'],
  [/^(Worker|MessagePort)/i, 'worker'],
  [/Server(Wrap|$)|^TCPSERVER|^PipeServer/i, 'server'],
  [/^(TCP|TLS|UDP|Pipe|HTTP|socket|pipe)/i, 'socket'],
  [/^(FSEvent|StatWatcher|FSWatch)/i, 'watcher'],
  [/^(Timeout|Timer)/i, 'timer'],
  [/^(FILEHANDLE|FSReq|file)/i, 'file'],
];

/** Resources that are more after each fresh round, in exact proportion to one subject's calls. `readings` are by round. */
export function growingHandles(
  readings: readonly OpenHandles[],
  rounds: readonly HeapRound[],
  subjects: readonly HeapSubject[],
): readonly HandleCandidate[] {
  const names = new Set(readings.flatMap(({ resources }) => Object.keys(resources)));
  const kinds = new Set(readings.flatMap(({ descriptors }) => Object.keys(descriptors ?? {})));
  const found = [...names].flatMap((name) =>
    handleOf(
      name,
      readings.map(({ resources }) => resources[name] ?? 0),
      rounds,
      subjects,
    ),
  );
  const descriptors = [...kinds].flatMap((name) =>
    handleOf(
      `${name} descriptor`,
      readings.map(({ descriptors: open }) => open?.[name] ?? 0),
      rounds,
      subjects,
    ),
  );
  // A descriptor of a socket that Node knows is that socket's.
  return [
    ...found,
    ...descriptors.filter(
      (descriptor) =>
        !found.some((one) => one.subject?.name === descriptor.subject?.name && one.kind !== 'timer'),
    ),
  ];
}

function handleOf(
  resource: string,
  readings: readonly number[],
  rounds: readonly HeapRound[],
  subjects: readonly HeapSubject[],
): readonly HandleCandidate[] {
  const counts = rounds.map((_, r) => (readings[r] ?? 0) - (readings[r - 1] ?? 0));
  const match = matchCounts(counts.slice(1), rounds.slice(1), subjects);
  if (match === null || match.proof !== 'exact') return [];
  const kind = KINDS.find(([pattern]) => pattern.test(resource))?.[1] ?? 'other';
  return [{ kind, resource, subject: match.subject, proof: match.proof, perCall: match.perCall, readings }];
}
