import { describe, expect, it } from 'vitest';
import type { CatalogueEvidence, ToolAnnotations } from '../../../src/evidence/index.ts';
import { planRace } from '../../../src/run/race/race-calls.ts';

const NAMED = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };

function catalogue(
  tools: Readonly<Record<string, ToolAnnotations>>,
  inputSchema: unknown = NAMED,
): CatalogueEvidence {
  return {
    tools: Object.entries(tools).map(([name, annotations]) => ({
      name,
      description: '',
      inputSchema,
      annotations,
    })),
    resources: [],
    resourceTemplates: [],
    prompts: [],
    toolsListPages: 1,
    toolsListBytes: 100,
    faults: [],
  };
}

const REQUEST = { tools: [], workload: null, allowWrites: false, seed: 1 };
const names = (calls: ReturnType<typeof planRace>): readonly string[] =>
  calls.subjects.map(({ name }) => name);

describe('the calls of a race', () => {
  it('are those of read-only tools, for a database is in no copy of files', () => {
    const planned = planRace(
      REQUEST,
      catalogue({
        read: { readOnlyHint: true },
        closed: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
        unknown: {},
        destructive: { destructiveHint: true, openWorldHint: false },
        open: { readOnlyHint: true, openWorldHint: true },
      }),
      '/copy',
    );
    expect(names(planned)).toEqual(['read']);
    expect(planned.leftOut.map(({ subject }) => subject)).toEqual([
      'closed',
      'unknown',
      'destructive',
      'open',
    ]);
  });

  it('are all that do not destroy when writes are allowed, and any that is named', () => {
    const tools = catalogue({ unknown: {}, destructive: { destructiveHint: true } });
    expect(names(planRace({ ...REQUEST, allowWrites: true }, tools, '/copy'))).toEqual(['unknown']);
    expect(names(planRace({ ...REQUEST, tools: ['destructive'] }, tools, '/copy'))).toEqual(['destructive']);
  });

  it('name the same things by number, whatever the tool, and different things by different numbers', () => {
    const { subjects } = planRace(
      { ...REQUEST, allowWrites: true },
      catalogue({ create: {}, remove: {} }),
      '/copy',
    );
    const [create, remove] = subjects;
    expect(create?.call(0).arguments).toEqual({ name: 'alpha' });
    expect(remove?.call(0).arguments).toEqual(create?.call(0).arguments);
    expect(create?.call(1).arguments).toEqual({ name: 'beta' });
    expect(create?.call(40)).toEqual(create?.call(40));
  });

  it('keep what a schema gives, and name files in the copy', () => {
    const schema = {
      type: 'object',
      properties: {
        kind: { enum: ['a', 'b'] },
        event: { type: 'string', default: 'concert' },
        path: { type: 'string' },
      },
      required: ['kind', 'event', 'path'],
    };
    const { subjects } = planRace(
      { ...REQUEST, allowWrites: true },
      catalogue({ write: {} }, schema),
      '/copy',
    );
    const { kind, event, path } = (subjects[0]?.call(0).arguments ?? {}) as Record<string, string>;
    expect(['a', 'b']).toContain(kind);
    expect(event).toBe('concert');
    expect(path).toBe('/copy/alpha.txt');
  });

  it('look at the state by read-only calls, and by none that writes', () => {
    const planned = planRace(
      { ...REQUEST, allowWrites: true },
      catalogue({ list: { readOnlyHint: true }, add: {} }),
      '/copy',
    );
    expect(planned.observe.map(({ tool }) => tool)).toEqual(['list']);
  });
});
