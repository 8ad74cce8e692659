import { describe, expect, it } from 'vitest';
import {
  UsageError,
  type CatalogueEvidence,
  type ToolAnnotations,
  type ToolInfo,
} from '../../src/evidence/index.ts';
import { setupRequests } from '../../src/load/sources.ts';
import { planSubjects, type SubjectOptions } from '../../src/load/subjects.ts';
import { parseWorkload, type Workload } from '../../src/load/workload.ts';

const QUERY = { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] };
function tool(name: string, annotations: ToolAnnotations = {}, inputSchema: unknown = QUERY): ToolInfo {
  return { name, description: '', inputSchema, annotations };
}
function catalogue(tools: readonly ToolInfo[], more: Partial<CatalogueEvidence> = {}): CatalogueEvidence {
  return {
    tools,
    resources: [],
    resourceTemplates: [],
    prompts: [],
    toolsListPages: 1,
    toolsListBytes: 100,
    faults: [],
    ...more,
  };
}
function workload(...calls: unknown[]): Workload {
  return parseWorkload(
    { schema: 'mettle/workload@1', calls, state: { copy: '/start', env: 'DATA' } },
    '/mettle.workload.json',
  );
}
const plain: SubjectOptions = { tools: [], workload: null, allowWrites: false, seed: 1 };

describe('which tools are called', () => {
  const UNMARKED =
    'not called: it is not marked read-only; give it calls in a workload, name it with --tool, or pass --allow-writes';
  const DESTRUCTIVE =
    'not called: it is marked as destructive; give it calls in a workload or name it with --tool';
  const OPEN =
    'not called: it is marked as reaching the outside world (openWorldHint); give it calls in a workload or name it with --tool';
  const given = { workload: workload({ tool: 't', arguments: { query: 'x' } }) };
  const table: readonly (readonly [string, ToolAnnotations, Partial<SubjectOptions>, string | null])[] = [
    ['read-only', { readOnlyHint: true }, {}, null],
    ['read-only though it reaches out', { readOnlyHint: true, openWorldHint: true }, {}, null],
    ['unmarked', {}, {}, UNMARKED],
    ['not read-only', { readOnlyHint: false, destructiveHint: false, openWorldHint: false }, {}, UNMARKED],
    ['unmarked, writes allowed', {}, { allowWrites: true }, null],
    ['destructive', { destructiveHint: true }, {}, DESTRUCTIVE],
    ['destructive, writes allowed', { destructiveHint: true }, { allowWrites: true }, DESTRUCTIVE],
    ['open world, writes allowed', { openWorldHint: true }, { allowWrites: true }, OPEN],
    ['unmarked, named', {}, { tools: ['t'] }, null],
    ['destructive, named', { destructiveHint: true }, { tools: ['t'] }, null],
    ['destructive, in the workload', { destructiveHint: true }, given, null],
    ['open world, in the workload', { openWorldHint: true }, given, null],
    [
      'read-only, but another is named',
      { readOnlyHint: true },
      { tools: ['other'] },
      'not called: --tool names others only',
    ],
    [
      'in the workload, but another is named',
      {},
      { ...given, tools: ['other'] },
      'not called: --tool names others only',
    ],
  ];
  for (const [what, annotations, options, reason] of table) {
    it(`${what}: ${reason ?? 'called'}`, () => {
      const { plans, sources } = planSubjects(catalogue([tool('t', annotations), tool('other', {})]), {
        ...plain,
        ...options,
      });
      expect(plans.find((plan) => plan.name === 't')).toMatchObject({ exercised: reason === null, reason });
      expect(sources.some((source) => source.subject.name === 't')).toBe(reason === null);
    });
  }
  it('a tool listed twice is one subject', () => {
    const { plans } = planSubjects(
      catalogue([tool('t', { readOnlyHint: true }), tool('t', { readOnlyHint: true })]),
      plain,
    );
    expect(plans.map((plan) => plan.name)).toEqual(['t', 'tools/list']);
  });
  it('a tool whose schema cannot be met is not called, and the reason says so', () => {
    const impossible = {
      type: 'object',
      properties: { n: { type: 'integer', minimum: 2, maximum: 1 } },
      required: ['n'],
    };
    const { plans } = planSubjects(catalogue([tool('t', { readOnlyHint: true }, impossible)]), plain);
    expect(plans[0]).toEqual({
      name: 't',
      kind: 'tool',
      exercised: false,
      arguments: 'none',
      reason:
        'not called: no arguments that satisfy its input schema could be generated; give it calls in a workload',
    });
  });
});

describe('which methods are called', () => {
  const rich = catalogue([tool('t', { readOnlyHint: true })], {
    resources: Array.from({ length: 12 }, (_, k) => ({ uri: `note://${k}`, name: `${k}` })),
    prompts: [
      {
        name: 'review',
        arguments: [
          { name: 'code', required: true },
          { name: 'style', required: false },
        ],
      },
    ],
  });
  it('tools/list, and what the server lists', () => {
    const { plans } = planSubjects(rich, plain);
    expect(plans.map((plan) => [plan.name, plan.kind, plan.exercised])).toEqual([
      ['t', 'tool', true],
      ['tools/list', 'method', true],
      ['resources/read', 'method', true],
      ['prompts/get', 'method', true],
    ]);
  });
  it('resources/read goes round eight resources', () => {
    const source = planSubjects(rich, plain).sources.find(({ subject }) => subject.name === 'resources/read');
    const uris = Array.from({ length: 20 }, (_, i) => source?.call(i).params['uri']);
    expect(new Set(uris).size).toBe(8);
    expect(uris[8]).toBe(uris[0]);
  });
  it('prompts/get gives the required arguments only', () => {
    const source = planSubjects(rich, plain).sources.find(({ subject }) => subject.name === 'prompts/get');
    expect(source?.call(0)).toEqual({
      method: 'prompts/get',
      params: { name: 'review', arguments: { code: expect.any(String) } },
    });
  });
  it('prompts/get can be given arguments that no call had, resources/read cannot', () => {
    const { sources } = planSubjects(rich, plain);
    const source = (name: string) => sources.find(({ subject }) => subject.name === name);
    const codeOf = (i: number) =>
      (source('prompts/get')?.fresh?.(i).params['arguments'] as { code: string } | undefined)?.code;
    expect(codeOf(7)).toMatch(/^\w+ 7$/);
    expect(codeOf(7)).not.toBe(codeOf(8));
    expect(source('resources/read')?.fresh).toBeUndefined();
  });
  it('none that the server lacks', () => {
    expect(planSubjects(catalogue([], { toolsListPages: 0 }), plain)).toEqual({ plans: [], sources: [] });
  });
  it('those that --tool names, alone', () => {
    expect(
      planSubjects(rich, { ...plain, tools: ['resources/read'] }).sources.map(({ subject }) => subject.name),
    ).toEqual(['resources/read']);
  });
  it("the workload's own, instead of what would be made up", () => {
    const { plans, sources } = planSubjects(rich, {
      ...plain,
      workload: workload(
        { method: 'resources/read', params: { uri: 'note://mine' } },
        { method: 'completion/complete', params: {} },
      ),
    });
    expect(plans.slice(2).map((plan) => [plan.name, plan.arguments])).toEqual([
      ['resources/read', 'workload'],
      ['prompts/get', 'none'],
      ['completion/complete', 'workload'],
    ]);
    expect(sources.find(({ subject }) => subject.name === 'resources/read')?.call(3).params).toEqual({
      uri: 'note://mine',
    });
  });
});

describe('the calls', () => {
  it('of a tool without a workload come from its schema and are made ready ahead', () => {
    const [source] = planSubjects(catalogue([tool('t', { readOnlyHint: true })]), plain).sources;
    expect(source?.call(0)).toEqual({
      method: 'tools/call',
      params: { name: 't', arguments: { query: expect.any(String) } },
    });
    expect(source?.call(0)).toBe(source?.call(16));
  });
  it('of two tools with the same schema differ, and repeat with the seed', () => {
    const plan = (seed: number): unknown => {
      const { sources } = planSubjects(
        catalogue([tool('a', { readOnlyHint: true }), tool('b', { readOnlyHint: true })]),
        { ...plain, seed },
      );
      return sources
        .slice(0, 2)
        .map((source) => Array.from({ length: 16 }, (_, i) => source.call(i).params['arguments']));
    };
    const [a, b] = plan(1) as [unknown, unknown];
    expect(a).not.toEqual(b);
    expect(plan(1)).toEqual([a, b]);
  });
  it('of the workload come as often as their weights say, filled in', () => {
    const options = {
      ...plain,
      directory: '/copy',
      workload: workload(
        { tool: 't', arguments: { path: '{dir}/{i}' }, weight: 3 },
        { tool: 't', arguments: { path: 'fixed' } },
      ),
    };
    const [source] = planSubjects(catalogue([tool('t')]), options).sources;
    expect(source?.weight).toBe(4);
    const paths = Array.from({ length: 100 }, (_, i) => source?.call(i).params['arguments']).map(
      (given) => (given as { path: string }).path,
    );
    expect(Math.abs(paths.filter((path) => path === 'fixed').length - 25)).toBeLessThanOrEqual(1);
    expect(paths[0]).toBe('/copy/0');
  });
  it('of the set-up are in order, filled in', () => {
    const { setup } = parseWorkload(
      {
        schema: 'mettle/workload@1',
        setup: [
          { tool: 'a', arguments: { id: '{i}' } },
          { tool: 'b', arguments: { at: '{dir}' } },
        ],
        state: { copy: 'x', env: 'X' },
      },
      '/w.json',
    );
    expect(setupRequests(setup, { directory: '/copy', seed: 1 })).toEqual([
      { method: 'tools/call', params: { name: 'a', arguments: { id: '0' } } },
      { method: 'tools/call', params: { name: 'b', arguments: { at: '/copy' } } },
    ]);
  });
});

describe('a name that the server does not list', () => {
  const server = catalogue([tool('search', {}), tool('create_item', {})]);
  it('given with --tool is refused, with the nearest name and all there are', () => {
    expect(() => planSubjects(server, { ...plain, tools: ['serch'] })).toThrow(
      new UsageError(
        '--tool names "serch", which the server does not list. Did you mean "search"? It lists: search, create_item.',
      ),
    );
  });
  it('that is near none gets no suggestion', () => {
    expect(() => planSubjects(server, { ...plain, tools: ['qqqqqq'] })).toThrow(
      new UsageError('--tool names "qqqqqq", which the server does not list. It lists: search, create_item.'),
    );
  });
  it('in the workload is refused, also in its set-up', () => {
    expect(() => planSubjects(server, { ...plain, workload: workload({ tool: 'Search' }) })).toThrow(
      /^The workload calls "Search", which the server does not list\. Did you mean "search"\?/,
    );
    const inSetup = parseWorkload({ schema: 'mettle/workload@1', setup: [{ tool: 'x' }] }, '/w.json');
    expect(() => planSubjects(catalogue([]), { ...plain, workload: inSetup })).toThrow(
      new UsageError('The workload calls "x", but the server lists no tools.'),
    );
  });
  it('among very many is refused with the first thirty', () => {
    const many = catalogue(Array.from({ length: 40 }, (_, k) => tool(`t${k}`, {})));
    expect(() => planSubjects(many, { ...plain, tools: ['zzzzzz'] })).toThrow(/t29 and 10 more\.$/);
  });
});

describe('a tool whose calls are all alike', () => {
  const sourceOf = (properties: object) =>
    planSubjects(
      catalogue([
        tool('t', { readOnlyHint: true }, { type: 'object', properties, required: Object.keys(properties) }),
      ]),
      plain,
    ).sources[0];
  it('is marked where a cache could be keyed by what cannot be varied', () => {
    expect(sourceOf({ when: { type: 'string', format: 'date' } })?.repeats).toBe(true);
  });
  it('is not where there are but so many arguments, or new ones can be made', () => {
    expect(sourceOf({ unit: { enum: ['km', 'mi'] } })?.repeats).toBeUndefined();
    expect(sourceOf({ query: { type: 'string' } })?.repeats).toBeUndefined();
  });
});
