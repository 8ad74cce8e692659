import { createHash } from 'node:crypto';
import type { Detector, DetectorInput, Finding, Severity, ToolChange } from '../../evidence/index.ts';
import { plural, quoted } from '../figures.ts';
import { makeFinding, verifyCommand } from '../finding.ts';

const ID = 'tools-changed';
const NAMES_SHOWN = 3;
const SHOWN_CHARACTERS = 300;

const WORDS: Readonly<Record<ToolChange['kind'], string>> = {
  added: 'added',
  removed: 'removed',
  schema: 'with another schema',
  description: 'with another description',
  annotations: 'with other annotations',
};
/**
 * A description is an instruction to the model that reads it, and annotations decide what is called without asking: who
 * changes them after approval changes what clients do. The rest breaks clients, or is new and unapproved.
 */
const SEVERITIES: Readonly<Record<ToolChange['kind'], Severity>> = {
  description: 'high',
  annotations: 'high',
  removed: 'medium',
  schema: 'medium',
  added: 'medium',
};

type Input = DetectorInput<'probe' | 'target'>;

/** A tool list that is no longer the one that was looked at, or approved, before. */
export const toolsChanged: Detector<'probe' | 'target'> = {
  id: ID,
  check: 'protocol',
  examinations: ['probe'],
  needs: ['probe', 'target'],

  detect(evidence) {
    const changes = evidence.probe.toolChanges ?? [];
    return changes.length === 0 ? [] : [findingOf(evidence, changes)];
  },

  blind({ probe }) {
    if (probe.outcome.tools === null) return 'no tools were listed';
    return probe.toolChanges === null
      ? 'there is no earlier tool list to compare with: keep one with --save FILE, and compare with it by --against FILE'
      : null;
  },

  looked({ probe }) {
    return `${plural(probe.outcome.tools?.count ?? 0, 'tool')}, told exactly as before`;
  },
};

function findingOf({ target }: Input, changes: readonly ToolChange[]): Finding {
  const kinds = (Object.keys(WORDS) as ToolChange['kind'][]).filter((kind) =>
    changes.some((change) => change.kind === kind),
  );
  const parts = kinds.map((kind) => {
    const names = changes.filter((change) => change.kind === kind).map(({ tool }) => quoted(tool));
    const more = names.length > NAMES_SHOWN ? ` and ${String(names.length - NAMES_SHOWN)} more` : '';
    return `${names.slice(0, NAMES_SHOWN).join(', ')}${more} ${WORDS[kind]}`;
  });
  const tools = new Set(changes.map(({ tool }) => tool));
  const [only] = tools;
  return makeFinding({
    id: ID,
    tool: tools.size === 1 ? (only ?? null) : null,
    location: undefined,
    variant: createHash('sha256').update(JSON.stringify(changes)).digest('hex'),
    severity: kinds.some((kind) => SEVERITIES[kind] === 'high') ? 'high' : 'medium',
    confidence: 'measured',
    title: `The tool list has changed: ${parts.join('; ')}`,
    evidence: [
      {
        kind: 'table',
        title: 'What changed',
        columns: ['tool', 'change', 'before', 'now'],
        rows: changes.map(({ tool, kind, before, after }) => [tool, kind, shown(before), shown(after)]),
      },
    ],
    cost: { value: tools.size, unit: tools.size === 1 ? 'changed tool' : 'changed tools', per: 'run' },
    fix: 'Read the changes as you would read code: descriptions are instructions to the model, annotations decide what is called without asking. If they are meant, keep the new list as the approved one (--save FILE); if nobody of yours made them, stop using the server until you know who did.',
    verify: {
      command: verifyCommand(ID, target),
      expect: 'exit code 0: the list is the approved one',
    },
  });
}

function shown(text: string | null): string {
  if (text === null) return '–';
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1)}…` : text;
}
