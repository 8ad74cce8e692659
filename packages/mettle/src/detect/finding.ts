import { createHash } from 'node:crypto';
import { packageOf } from '../derive/frames.ts';
import type { ExerciseEvidence, Finding, SourceLocation, TargetEvidence } from '../evidence/index.ts';

/** All of a finding but what is worked out for it. `variant` tells apart findings of one id, tool and function. */
export type FindingDraft = Omit<Finding, 'fingerprint' | 'tool' | 'location'> & {
  readonly tool: string | null;
  readonly location: SourceLocation | undefined;
  readonly variant?: string;
};

/** The finding with its fingerprint. */
export function makeFinding(draft: FindingDraft): Finding {
  const { tool, location, variant, ...rest } = draft;
  return {
    ...rest,
    fingerprint: fingerprint([
      rest.id,
      tool ?? '',
      location?.function ?? '',
      placeName(location),
      variant ?? '',
    ]),
    ...(tool === null ? {} : { tool }),
    ...(location === undefined ? {} : { location }),
  };
}

function fingerprint(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

/** The file without what differs between machines: its name, and the package it comes from when that is a dependency. */
function placeName(location: SourceLocation | undefined): string {
  if (location === undefined) return '';
  const name = location.file.split(/[/\\]/).at(-1) ?? '';
  const owner = packageOf(location.file);
  return owner === null ? name : `${owner}/${name}`;
}

/** Methods that MCP itself names; a subject of such a name is no tool. */
const METHOD =
  /^(?:tools\/list|resources\/|prompts\/|completion\/|logging\/|server\/discover$|initialize$|ping$|session$)/;

/** Whether a subject is a tool: as the run knew it, else by its name. */
export function isTool(name: string, exercise: ExerciseEvidence | undefined): boolean {
  const known = exercise?.subjects.find((subject) => subject.name === name);
  return known === undefined ? !METHOD.test(name) : known.kind === 'tool';
}

/** The subject as `--tool` takes it; nothing for methods, and for the server as a whole. */
export function askedFor(subject: string | null, exercise: ExerciseEvidence | undefined): readonly string[] {
  return subject !== null && isTool(subject, exercise) ? [subject] : [];
}

/**
 * The command that shows the fault `id` now and passes once it is mended, whatever else is found.
 * Only `tools` are examined when any are given.
 */
export function verifyCommand(
  id: string,
  target: TargetEvidence | undefined,
  tools: readonly string[] = [],
): string {
  const options = tools.map((tool) => ` --tool ${shellWord(tool)}`).join('');
  const where = target?.targetArguments ?? '';
  // What clients call cannot be chosen there.
  if (target?.reproducedBy === 'attach') return `npx mettle attach --fail-on ${id} ${where}`;
  if (target?.reproducedBy === 'probe') return `npx mettle probe --fail-on ${id} ${where}`;
  return `npx mettle check${options} --fail-on ${id}${where === '' ? '' : ` ${where}`}`;
}

/** The same of what `mettle race` shows. */
export function raceCommand(id: string, target: TargetEvidence, tools: readonly string[] = []): string {
  const options = tools.map((tool) => ` --tool ${shellWord(tool)}`).join('');
  const where = target.targetArguments === '' ? '' : ` ${target.targetArguments}`;
  return `npx mettle race${options} --fail-on ${id}${where}`;
}

/** The word, quoted for a POSIX shell where it must be. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
