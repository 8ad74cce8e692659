import { describe, expect, it } from 'vitest';
import { buildCallTree, type CallTree } from '../../src/derive/call-tree.ts';
import { functionTimes } from '../../src/derive/profile-bottom-up.ts';
import { collapseTree, invertTree, orderTree, type TreeColumns } from '../../src/derive/profile-tree.ts';
import { profileOf, SERVER_FOLDER } from '../builders/cpu-profile.ts';

const home = { cwd: SERVER_FOLDER, packages: [] };

/** The tree as text, one node per line: name, total, own time in µs. */
function draw(tree: CallTree, columns: TreeColumns = tree): string[] {
  const depth: number[] = [];
  return Array.from(columns.frame, (frame, i) => {
    depth[i] = i === 0 ? 0 : (depth[columns.parent[i] ?? 0] ?? 0) + 1;
    return `${'  '.repeat(depth[i] ?? 0)}${tree.frames[frame]?.name} ${columns.totalUs[i]} ${columns.selfUs[i]}`;
  });
}

const TWO_TOOLS = profileOf([
  ['search', ['serve@@main.js:1', 'find@@find.js:3'], [1000, 1000]],
  ['search', ['serve@@main.js:1', 'find@@find.js:3', 'parse@@node_modules/zod/index.js:9'], [3000]],
  ['save', ['serve@@main.js:1', 'write@@node:fs:20'], [500]],
  ['', ['(idle)'], [90_000]],
  ['', ['(program)'], [200]],
  ['search', ['serve@@main.js:1'], [100]],
]);

describe('the call tree', () => {
  it('has one branch per subject, the costliest first, and leaves idle time out', () => {
    expect(draw(buildCallTree(TWO_TOOLS, { home }))).toEqual([
      'all 5800 0',
      '  tool: search 5100 0',
      '    serve 5100 100',
      '      find 5000 2000',
      '        parse 3000 3000',
      '  tool: save 500 0',
      '    serve 500 0',
      '      write 500 500',
      '  (outside calls) 200 0',
      '    (program) 200 200',
    ]);
  });

  it('keeps idle time when asked to', () => {
    expect(draw(buildCallTree(TWO_TOOLS, { home, includeIdle: true }))).toContain('    (idle) 90000 90000');
  });

  it('counts samples beside time, and says where each subject begins', () => {
    const tree = buildCallTree(TWO_TOOLS, { home });
    expect(tree.subjects).toEqual([
      { name: 'search', node: 1 },
      { name: 'save', node: 5 },
      { name: '', node: 8 },
    ]);
    expect([...tree.selfSamples]).toEqual([0, 0, 1, 2, 1, 0, 0, 1, 0, 1]);
  });

  it('knows whose code a frame is', () => {
    const stack = [
      'own@@a.js:1',
      'dep@@node_modules/@scope/pkg/lib/x.js:2',
      'nested@@node_modules/a/node_modules/b/x.js:2',
      'node@@node:internal/streams:3',
      'RegExp: (a+)+b',
      'jit@@:7',
      '(garbage collector)',
    ];
    const tree = buildCallTree(profileOf([['t', stack, [1]]]), { home });
    expect(
      tree.frames
        .filter((frame) => frame.kind !== 'subject')
        .map(({ kind, owner, file, line }) => [kind, owner, file, line]),
    ).toEqual([
      ['application', 'application', 'src/a.js', 1],
      ['package', '@scope/pkg', 'node_modules/@scope/pkg/lib/x.js', 2],
      ['package', 'b', 'node_modules/a/node_modules/b/x.js', 2],
      ['node', 'Node internals', 'node:internal/streams', 3],
      ['native', 'native code', '', 0],
      ['generated', 'generated code', '', 7],
      ['engine', 'V8 engine', '', 0],
    ]);
  });

  it('counts a published server that lies in node_modules as the application', () => {
    const tree = buildCallTree(profileOf([['t', ['run@@node_modules/some-server/index.js:1'], [1]]]), {
      home: { cwd: SERVER_FOLDER, packages: ['some-server'] },
    });
    expect(tree.frames.at(-1)?.kind).toBe('application');
  });

  it("dissolves the agent's frames into their callers", () => {
    const evidence = profileOf([
      ['t', ['serve@@main.js:1', 'wrap@@/agent/hook.js:5', 'handle@@a.js:2'], [10]],
    ]);
    expect(
      draw(buildCallTree(evidence, { home, isAgentFile: (file) => file.endsWith('/agent/hook.js') })),
    ).toEqual(['all 10 0', '  tool: t 10 0', '    serve 10 0', '      handle 10 10']);
  });

  it("leaves out what the agent does with the inspector and the clocks, not what the server's code does below a wrapper", () => {
    const agent = 'wrap@@/node_modules/mettle/dist/agent/hook.js:5';
    const evidence = profileOf([
      ['', [agent, 'post@@node:inspector:80', 'dispatch'], [500]],
      ['t', [agent, 'get@@node:internal/perf/nodetiming:131', 'loopIdleTime'], [40]],
      ['t', [agent, 'spawnSync@@node:child_process:8', 'spawn'], [30]],
    ]);
    expect(draw(buildCallTree(evidence, { home }))).toEqual([
      'all 30 0',
      '  tool: t 30 0',
      '    spawnSync 30 0',
      '      spawn 30 30',
    ]);
  });

  it('makes one node of nodes that are the same function under the same caller', () => {
    const evidence = profileOf([['t', ['f@@a.js:1', 'g@@a.js:2'], [10]]]);
    const [root, f, g] = evidence.profile.nodes;
    if (root === undefined || f === undefined || g === undefined) throw new Error('three nodes');
    const twin = { ...g, id: 9, children: [] };
    const profile = {
      ...evidence.profile,
      nodes: [root, { ...f, children: [g.id, 9] }, g, twin],
      samples: [g.id, 9],
      timeDeltas: [10, 5],
    };
    expect(draw(buildCallTree({ ...evidence, profile, sampleSubjects: [1, 1] }, { home }))).toEqual([
      'all 15 0',
      '  tool: t 15 0',
      '    f 15 0',
      '      g 15 15',
    ]);
  });

  it('does not lose time to samples that V8 hands over in the wrong order', () => {
    const tree = buildCallTree(profileOf([['t', ['f@@a.js:1'], [1000, -300, 500]]]), { home });
    expect(tree.totalUs[0]).toBe(1200);
  });

  it('takes stacks deeper than recursion could', () => {
    const deep = Array.from({ length: 50_000 }, (_, i) => i);
    const columns = {
      frame: Int32Array.from(deep, (i) => i % 5),
      parent: Int32Array.from(deep, (i) => i - 1),
      selfUs: Float64Array.from(deep, () => 1),
    };
    const ordered = orderTree(columns);
    expect(ordered.totalUs[0]).toBe(50_000);
    expect(orderTree(collapseTree(ordered, Uint8Array.of(1, 0, 0, 0, 0), 5, 0)).frame).toHaveLength(40_001);
  });
});

describe('views of the tree', () => {
  const tree = buildCallTree(TWO_TOOLS, { home });
  const hide = (kinds: readonly string[]): Uint8Array =>
    Uint8Array.from(tree.frames, (frame) => (kinds.includes(frame.kind) ? 1 : 0));

  it('hidden frames give their time to their callers', () => {
    expect(
      draw(tree, orderTree(collapseTree(tree, hide(['package', 'node']), tree.frames.length, 0))),
    ).toEqual([
      'all 5800 0',
      '  tool: search 5100 0',
      '    serve 5100 100',
      '      find 5000 5000',
      '  tool: save 500 0',
      '    serve 500 500',
      '  (outside calls) 200 0',
      '    (program) 200 200',
    ]);
  });

  it('a branch can stand alone', () => {
    expect(draw(tree, orderTree(collapseTree(tree, hide([]), tree.frames.length, 5)))[0]).toBe(
      'tool: save 500 0',
    );
  });

  it('bottom-up, each function stands over its callers', () => {
    expect(draw(tree, orderTree(invertTree(tree, tree.frames.length, 0)))).toEqual([
      'all 5800 0',
      '  parse 3000 0',
      '    find 3000 0',
      '      serve 3000 0',
      '        tool: search 3000 3000',
      '  find 2000 0',
      '    serve 2000 0',
      '      tool: search 2000 2000',
      '  write 500 0',
      '    serve 500 0',
      '      tool: save 500 500',
      '  (program) 200 0',
      '    (outside calls) 200 200',
      '  serve 100 0',
      '    tool: search 100 100',
    ]);
  });

  it('bottom-up, slivers are not followed and lose no time', () => {
    const inverted = orderTree(invertTree(tree, tree.frames.length, 1000));
    expect(inverted.totalUs[0]).toBe(5800);
    expect(draw(tree, inverted)).toContain('  write 500 500');
  });
});

describe('time per function', () => {
  it('counts recursion once', () => {
    const evidence = profileOf([
      ['t', ['walk@@a.js:1', 'walk@@a.js:1', 'leaf@@a.js:9', 'walk@@a.js:1'], [10]],
    ]);
    const [walk] = functionTimes(buildCallTree(evidence, { home }));
    expect([walk?.frame.name, walk?.selfUs, walk?.totalUs]).toEqual(['walk', 10, 10]);
  });

  it('names the callers, costliest first', () => {
    const evidence = profileOf([
      ['t', ['a@@a.js:1', 'hash@@a.js:9'], [10]],
      ['t', ['b@@a.js:2', 'hash@@a.js:9'], [30]],
    ]);
    const [hash] = functionTimes(buildCallTree(evidence, { home }));
    expect(hash?.callers.map(({ frame, us }) => [frame.name, us])).toEqual([
      ['b', 30],
      ['a', 10],
    ]);
  });

  it("names the server's own function on the costliest way to each", () => {
    const evidence = profileOf([
      ['t', ['a@@a.js:1', 'hashSync@@node_modules/h/index.js:1', 'run'], [10]],
      ['t', ['b@@a.js:2', 'run'], [30]],
      ['t', ['(program)'], [1]],
    ]);
    expect(
      functionTimes(buildCallTree(evidence, { home })).map(({ frame, from }) => [frame.name, from?.name]),
    ).toEqual([
      ['run', 'b'],
      ['(program)', undefined],
    ]);
  });

  it('can be had for one subject', () => {
    const tree = buildCallTree(TWO_TOOLS, { home });
    expect(functionTimes(tree, 5).map(({ frame, selfUs }) => [frame.name, selfUs])).toEqual([['write', 500]]);
  });
});
