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
      { directory: '/copy' },
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
    expect(names(planRace({ ...REQUEST, allowWrites: true }, tools, { directory: '/copy' }))).toEqual([
      'unknown',
    ]);
    expect(names(planRace({ ...REQUEST, tools: ['destructive'] }, tools, { directory: '/copy' }))).toEqual([
      'destructive',
    ]);
  });

  it('name the same things by number, whatever the tool, and different things by different numbers', () => {
    const { subjects } = planRace({ ...REQUEST, allowWrites: true }, catalogue({ create: {}, remove: {} }), {
      directory: '/copy',
    });
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
    const { subjects } = planRace({ ...REQUEST, allowWrites: true }, catalogue({ write: {} }, schema), {
      directory: '/copy',
    });
    const { kind, event, path } = (subjects[0]?.call(0).arguments ?? {}) as Record<string, string>;
    expect(['a', 'b']).toContain(kind);
    expect(event).toBe('concert');
    expect(path).toBe('/copy/alpha.txt');
  });

  const given = {
    directory: '/copy',
    folder: '/copy/data',
    files: [
      { path: '/copy/data/a.md', line: '# Title' },
      { path: '/copy/data/b.md', line: null },
    ],
  };
  const called = (tool: string, schema: unknown, number: number): unknown => {
    const { subjects } = planRace({ ...REQUEST, tools: [tool] }, catalogue({ [tool]: {} }, schema), given);
    return subjects[0]?.call(number).arguments;
  };
  const texts = (...keys: readonly string[]): unknown => ({
    type: 'object',
    properties: Object.fromEntries(keys.map((key) => [key, { type: 'string' }])),
    required: keys,
  });

  it('name files that are there, in the folder that the server was given, then new ones', () => {
    const path = [0, 1, 2].map((number) => called('write', texts('path'), number));
    expect(path).toEqual([
      { path: '/copy/data/a.md' },
      { path: '/copy/data/b.md' },
      { path: '/copy/data/gamma.txt' },
    ]);
  });

  it('move what is there to one place, so that two of them clash', () => {
    const schema = texts('source', 'destination');
    expect(called('move_file', schema, 0)).toEqual({
      source: '/copy/data/a.md',
      destination: '/copy/data/moved.txt',
    });
    expect(called('move_file', schema, 10)).toEqual({
      source: '/copy/data/name-10.txt',
      destination: '/copy/data/moved.txt',
    });
  });

  it('go from one thing to its neighbour, and back', () => {
    const schema = texts('from', 'to');
    expect(called('transfer', schema, 10)).toEqual({ from: 'name-10', to: 'name-11' });
    expect(called('transfer', schema, 11)).toEqual({ from: 'name-11', to: 'name-10' });
  });

  it('replace what is there by something else', () => {
    const edits = { type: 'array', items: texts('oldText', 'newText') };
    const schema = {
      type: 'object',
      properties: { path: { type: 'string' }, edits },
      required: ['path', 'edits'],
    };
    expect(called('edit_file', schema, 0)).toEqual({
      path: '/copy/data/a.md',
      edits: [{ oldText: '# Title', newText: '# Title (alpha)' }],
    });
    expect(called('edit_file', schema, 10)).toEqual({
      path: '/copy/data/name-10.txt',
      edits: [{ oldText: 'name-10', newText: 'name-10 (name-10)' }],
    });
    expect(called('rename', texts('name', 'newName'), 0)).toEqual({ name: 'alpha', newName: 'alpha' });
    expect(called('rename', texts('oldName', 'newName'), 10)).toEqual({
      oldName: 'name-10',
      newName: 'name-10 (name-10)',
    });
  });

  it('look at the state by read-only calls, and by none that writes', () => {
    const planned = planRace(
      { ...REQUEST, allowWrites: true },
      catalogue({ list: { readOnlyHint: true }, add: {} }),
      { directory: '/copy' },
    );
    expect(planned.observe.map(({ tool }) => tool)).toEqual(['list']);
  });

  it('look at the state by the same calls where --tool names what is raced', () => {
    const tools = catalogue({
      list: { readOnlyHint: true },
      add: {},
      away: { readOnlyHint: true, openWorldHint: true },
    });
    const planned = planRace({ ...REQUEST, tools: ['add'] }, tools, { directory: '/copy' });
    expect(names(planned)).toEqual(['add']);
    expect(planned.observe).toEqual(
      planRace({ ...REQUEST, allowWrites: true }, tools, { directory: '/copy' }).observe,
    );
    expect(planned.observe.map(({ tool }) => tool)).toEqual(['list']);
  });
});
