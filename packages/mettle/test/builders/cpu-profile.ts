import type { CpuProfileEvidence } from '../../src/evidence/index.ts';

type CallFrame = CpuProfileEvidence['profile']['nodes'][number]['callFrame'];

export const SERVER_FOLDER = '/home/me/server';

/** A frame written `name@@file:line`; `name` alone is native or V8's own, a file without a slash lies in `src/`. */
function callFrame(text: string): CallFrame {
  const [functionName = '', place] = text.split('@@');
  if (place === undefined) return { functionName, scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 };
  const colon = place.lastIndexOf(':');
  const file = place.slice(0, colon);
  const url =
    file.startsWith('node:') || file === ''
      ? file
      : `file://${SERVER_FOLDER}/${file.includes('/') ? file : `src/${file}`}`;
  return {
    functionName,
    scriptId: '1',
    url,
    lineNumber: Number(place.slice(colon + 1)) - 1,
    columnNumber: 4,
  };
}

/**
 * A profile in which each line is one sample or several: subject ('' = no call), stack outermost first
 * (`name@@file:line`), and the µs of each of its samples.
 */
export function profileOf(
  lines: readonly (readonly [subject: string, stack: readonly string[], us: readonly number[]])[],
): CpuProfileEvidence {
  const nodes = [{ id: 1, callFrame: callFrame('(root)'), children: [] as number[] }];
  const known = new Map<string, number>();
  const subjects = [''];
  const samples: number[] = [];
  const timeDeltas: number[] = [];
  const sampleSubjects: number[] = [];
  for (const [subject, stack, us] of lines) {
    if (!subjects.includes(subject)) subjects.push(subject);
    let at = 1;
    stack.forEach((frame, depth) => {
      const key = stack.slice(0, depth + 1).join('\n');
      let id = known.get(key);
      if (id === undefined) {
        id = nodes.length + 1;
        known.set(key, id);
        nodes.push({ id, callFrame: callFrame(frame), children: [] });
        nodes[at - 1]?.children.push(id);
      }
      at = id;
    });
    for (const delta of us) {
      samples.push(at);
      timeDeltas.push(delta);
      sampleSubjects.push(subjects.indexOf(subject));
    }
  }
  const endTime = 1000 + timeDeltas.reduce((sum, delta) => sum + delta, 0);
  return { profile: { nodes, startTime: 1000, endTime, samples, timeDeltas }, subjects, sampleSubjects };
}
