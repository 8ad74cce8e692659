import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { buildCallTree } from '../../src/derive/call-tree.ts';
import * as treeFunctions from '../../src/derive/profile-tree.ts';
import type { App, View } from '../../src/report/html/flame-graph/client/app.ts';
import {
  findFrames,
  layOut,
  makeView,
  neighbour,
  nodeAt,
  sumMatches,
  topFunctions,
  unpackProfile,
} from '../../src/report/html/flame-graph/client/model.ts';
import { blockByKey } from '../../src/report/html/flame-graph/client/strip.ts';
import { packProfile } from '../../src/report/html/flame-graph/pack.ts';
import { renderFlameGraph } from '../../src/report/html/flame-graph/render.ts';
import { flameGraphScript } from '../../src/report/html/flame-graph/script.ts';
import { sha256Base64 } from '../../src/report/html/flame-graph/sha256.ts';
import { profileOf, SERVER_FOLDER } from '../builders/cpu-profile.ts';

// In the page the functions of the script stand side by side; here they find one another as globals.
Object.assign(globalThis, treeFunctions);

const home = { cwd: SERVER_FOLDER, packages: [] };
const EVIDENCE = profileOf([
  ['search', ['serve@@main.js:1', 'find@@find.js:3'], [2000]],
  [
    'search',
    ['serve@@main.js:1', 'find@@find.js:3', 'parse@@node_modules/zod/index.js:9', 'visit@@find.js:30'],
    [3000],
  ],
  ['search', ['serve@@main.js:1', 'rank@@find.js:50'], [1000]],
  ['save', ['serve@@main.js:1', 'write@@node:fs:20'], [500]],
]);
const tree = buildCallTree(EVIDENCE, { home });
const model = unpackProfile(packProfile(tree));
const ALL = { subject: -1, inverted: false, hideModules: false, hideInternals: false };
const names = (view: View): string[] => Array.from(view.frame, (frame) => model.frames.name[frame] ?? '');
const nodeOf = (view: View, name: string): number => names(view).indexOf(name);

describe("the flame graph's data", () => {
  it('comes out as it went in', () => {
    for (const column of ['frame', 'parent', 'end', 'selfUs', 'totalUs'] as const)
      expect([...model.tree[column]]).toEqual([...tree[column]]);
    expect(model.frames.file).toEqual(tree.frames.map((frame) => frame.file));
    expect(model.frames.owner.map((owner) => model.owners[owner]?.name)).toEqual(
      tree.frames.map((frame) => frame.owner),
    );
    expect(model.subjects).toEqual(tree.subjects);
  });

  it('holds times beyond 32 bits', () => {
    const long = unpackProfile(
      packProfile(buildCallTree(profileOf([['t', ['f@@a.js:1'], [7_200_000_000]]]), { home })),
    );
    expect(long.tree.totalUs[0]).toBe(7_200_000_000);
  });

  it('stays small: 100,000 nodes of 10,000 functions under 2 MB', () => {
    const count = 100_000;
    const frame = Int32Array.from({ length: count }, (_, i) => (i * 7919) % 10_000);
    const parent = Int32Array.from({ length: count }, (_, i) =>
      i === 0 ? -1 : i - 1 - (i % 7 === 0 ? Math.min(5, i - 1) : 0),
    );
    const ordered = treeFunctions.orderTree({
      frame,
      parent,
      selfUs: Float64Array.from(frame, (f) => f * 3),
    });
    const frames = Array.from({ length: 10_000 }, (_, i) => ({
      name: `someFunctionName${i}`,
      file: `src/folder/file${i % 300}.ts`,
      line: i,
      column: 1,
      kind: 'application' as const,
      owner: 'application',
    }));
    expect(
      JSON.stringify(packProfile({ ...ordered, frames, selfSamples: new Int32Array(count), subjects: [] }))
        .length,
    ).toBeLessThan(2_000_000);
  });
});

describe('a view', () => {
  it('shows one tool alone', () => {
    expect(names(makeView(model, { ...ALL, subject: 1 }))).toEqual(['tool: save', 'serve', 'write']);
  });

  it('hides node_modules and Node internals: what they call moves up', () => {
    const view = makeView(model, { ...ALL, hideModules: true, hideInternals: true });
    expect(names(view)).toEqual([
      'all',
      'tool: search',
      'serve',
      'find',
      'visit',
      'rank',
      'tool: save',
      'serve',
    ]);
    expect(view.totalUs[0]).toBe(6500);
  });

  it('stands on its head, its table does not', () => {
    const view = makeView(model, { ...ALL, inverted: true });
    expect(names(view).slice(0, 5)).toEqual(['all', 'visit', 'parse', 'find', 'serve']);
    expect(
      topFunctions(model, view.plain, 2).map(({ frame, selfUs }) => [model.frames.name[frame], selfUs]),
    ).toEqual([
      ['visit', 3000],
      ['find', 2000],
    ]);
  });

  it('finds the node below a point', () => {
    const view = layOut(model.tree, model.tree);
    expect(nodeAt(view, 0, 0)).toBe(0);
    expect(names(view)[nodeAt(view, 5500, 3)]).toBe('rank');
    expect(names(view)[nodeAt(view, 6400, 1)]).toBe('tool: save');
    expect(nodeAt(view, 5500, 4)).toBe(-1);
    expect(nodeAt(view, 6500, 0)).toBe(-1);
    expect(nodeAt(view, -1, 0)).toBe(-1);
  });

  it('can be walked: to the caller, the costliest callee, the siblings', () => {
    const view = layOut(model.tree, model.tree);
    const walk = (from: string, direction: Parameters<typeof neighbour>[2]): string | undefined =>
      names(view)[neighbour(view, nodeOf(view, from), direction)];
    expect(walk('serve', 'down')).toBe('find');
    expect(walk('find', 'right')).toBe('rank');
    expect(walk('rank', 'left')).toBe('find');
    expect(walk('rank', 'right')).toBe('rank');
    expect(walk('find', 'up')).toBe('serve');
    expect(walk('visit', 'down')).toBe('visit');
    expect(walk('all', 'up')).toBe('all');
    expect(walk('all', 'right')).toBe('all');
  });
});

describe('search', () => {
  const view = layOut(model.tree, model.tree);
  const matching = (query: string): Uint8Array => {
    const found = findFrames(model, query);
    if (!(found instanceof Uint8Array)) throw new Error(`${query} finds nothing`);
    return found;
  };
  const matched = (query: string): string[] | string | null => {
    const found = findFrames(model, query);
    return found instanceof Uint8Array ? model.frames.name.filter((_, i) => found[i] === 1) : found;
  };

  it('looks for text in name, place and package, or for a regular expression', () => {
    expect(matched('FIND.js:3')).toEqual(['find', 'visit']);
    expect(matched('zod')).toEqual(['parse']);
    expect(matched('/^(find|rank) /')).toEqual(['find', 'rank']);
    expect(matched(' ')).toBeNull();
    expect(matched('/(/')).toMatch(/regular expression/i);
  });

  it('counts what matching frames call, but nothing twice', () => {
    expect(sumMatches(view, matching('find.js'), 0)).toEqual({
      us: 6000,
      functions: 3,
      hottest: nodeOf(view, 'find'),
    });
    expect(sumMatches(view, matching('zod'), nodeOf(view, 'rank'))).toEqual({
      us: 0,
      functions: 0,
      hottest: -1,
    });
  });
});

describe('the markup', () => {
  it('is null when there was nothing but idle time', () => {
    expect(renderFlameGraph(profileOf([['', ['(idle)'], [9]]]))).toBeNull();
  });

  it('keeps hostile names as text', () => {
    const name = '</script><img src=x onerror=alert(1)>\u202e';
    const graph = renderFlameGraph(profileOf([[name, [`${name}@@${name}/a.js:1`], [9]]]), {
      blocks: [{ subject: name, startedAtMs: 1, wallMs: 80 }],
    });
    const markup = graph?.markup.markup ?? '';
    expect(markup).not.toContain('<img');
    expect(markup).not.toContain('\u202e');
    expect(markup.match(/<\/script>/g)).toHaveLength(1);
    const data = JSON.parse(/class="flame-data">(.*?)<\/script>/s.exec(markup)?.[1] ?? '') as {
      subjects: { name: string }[];
    };
    expect(data.subjects[0]?.name).toContain('<img src=x');
  });

  it('has a table that needs no script, and a strip only when there are blocks', () => {
    const graph = (renderFlameGraph(EVIDENCE, { home })?.markup.markup ?? '').replace(/>\s+</g, '><');
    expect(graph).toContain(
      '<th scope="row">visit</th><td class="n">3.0 ms</td><td class="n">46.2 %</td><td class="n">46.2 %</td><td class="flame-place">src/find.js:30</td><td>application</td>',
    );
    expect(graph).not.toContain('class="flame-strip"');
    expect(
      renderFlameGraph(EVIDENCE, { home, blocks: [{ subject: 'save', startedAtMs: 5000, wallMs: 230 }] })
        ?.markup.markup,
    ).toContain('blocked once, at longest 230 ms');
  });
});

describe('the strip of blocks, by keyboard', () => {
  const blocks = [200, 50, 900].map((wallMs, i) => ({ subject: 'save', startedAtMs: i * 1000, wallMs }));
  const packed = unpackProfile(packProfile(tree, blocks));
  const after = (block: number, key: string): number => blockByKey({ model: packed, block } as App, key);

  it('is left and right in time, up and down by length, and ends at either end', () => {
    expect([
      after(0, 'ArrowRight'),
      after(2, 'ArrowRight'),
      after(2, 'ArrowLeft'),
      after(0, 'ArrowLeft'),
    ]).toEqual([1, 2, 1, 0]);
    expect([
      after(2, 'ArrowDown'),
      after(0, 'ArrowDown'),
      after(1, 'ArrowDown'),
      after(1, 'ArrowUp'),
    ]).toEqual([0, 1, 1, 0]);
    expect([after(1, 'Home'), after(1, 'End')]).toEqual([0, 2]);
  });

  it('begins at the longest, or at the first in time, and leaves other keys alone', () => {
    expect([after(-1, 'ArrowUp'), after(-1, 'ArrowDown'), after(-1, 'ArrowRight')]).toEqual([2, 2, 0]);
    expect(after(0, 'a')).toBe(-1);
  });

  it('can be reached', () => {
    const markup = renderFlameGraph(EVIDENCE, { home, blocks })?.markup.markup ?? '';
    expect(markup).toMatch(/class="flame-strip"\s+tabindex="0"\s+role="application"/);
  });
});

describe('the script', () => {
  const script = flameGraphScript();

  it('stands alone: runs without the modules it came from', () => {
    const asked: string[] = [];
    runInContext(
      script,
      createContext({ document: { querySelectorAll: (selector: string) => (asked.push(selector), []) } }),
    );
    expect(asked).toEqual(['.flame']);
    // What a compiler or test runner could have slipped in.
    expect(script).not.toMatch(/__vi|__name|\bimport\b|\brequire\(/);
  });

  it('holds every function that one of its files declares to be there', () => {
    const folder = new URL('../../src/report/html/flame-graph/client/', import.meta.url);
    const declared = readdirSync(folder).flatMap((file) =>
      [...readFileSync(new URL(file, folder), 'utf8').matchAll(/^declare const (\w+): typeof/gm)].map(
        (match) => match[1],
      ),
    );
    expect(declared.length).toBeGreaterThan(30);
    for (const name of declared) expect(script).toContain(`function ${name}(`);
  });

  it('is known to the policy of the page by its hash', () => {
    for (const text of ['', 'abc', 'grün €', 'x'.repeat(55), 'x'.repeat(56), 'x'.repeat(64), script]) {
      expect(sha256Base64(text)).toBe(createHash('sha256').update(text).digest('base64'));
    }
  });
});
