import { execFileSync } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { blockingAtCallSites } from '../../src/derive/call-sites.ts';
import { applicationFrame } from '../../src/derive/frames.ts';
import { joinBlocking, type RawBlocking } from '../../src/derive/stack-join.ts';
import { synchronousCall } from '../../src/derive/stretches.ts';
import type { CpuProfileEvidence } from '../../src/evidence/index.ts';

type Profile = CpuProfileEvidence['profile'];

const home = { cwd: '/srv', packages: [] };

function raw(over: Partial<RawBlocking> & { readonly profile: Profile }): RawBlocking {
  return {
    subjects: ['', 'hash'],
    calls: [0, 2],
    onThreadMs: [5, 200],
    cpuMs: [4, 180],
    gcMs: [0, 7],
    slices: { subject: [1], call: [1], startedAtMs: [0], wallMs: [100], cpuMs: [90], hostDelayMs: [2] },
    droppedSlices: 0,
    gc: { startedAtMs: [], durationMs: [] },
    cpuClock: 'schedstat',
    observedMs: 1000,
    profileOffsetUs: 0,
    ...over,
  };
}

/** A profile told as call paths, outermost first: each sample `[afterUs, ...'function@url']`. */
function profileOf(
  samples: readonly (readonly [number, ...string[]])[],
  lines: Readonly<Record<string, number>> = {},
): Profile {
  const nodes: {
    id: number;
    callFrame: Profile['nodes'][number]['callFrame'];
    children: number[];
    positionTicks?: { line: number; ticks: number }[];
  }[] = [];
  const ids = new Map<string, number>();
  const visit = (path: string): number => {
    const known = ids.get(path);
    if (known !== undefined) return known;
    const id = nodes.length + 1;
    const leaf = path.split(' > ').at(-1) ?? '';
    const [functionName = '', url = ''] = leaf.split('@');
    ids.set(path, id);
    const line = lines[path.split(' > ').slice(1).join(' > ')];
    nodes.push({
      id,
      callFrame: {
        functionName,
        url,
        scriptId: '1',
        lineNumber: url === '' ? -1 : 9,
        columnNumber: url === '' ? -1 : 4,
      },
      children: [],
      ...(line === undefined
        ? {}
        : {
            positionTicks: [
              { line: line + 1, ticks: 2 },
              { line, ticks: 9 },
            ],
          }),
    });
    const outer = path.split(' > ').slice(0, -1).join(' > ');
    if (outer !== '') nodes[visit(outer) - 1]?.children.push(id);
    return id;
  };
  visit('(root)');
  return {
    nodes,
    startTime: 0,
    endTime: 1e6,
    samples: samples.map(([, ...path]) => visit(['(root)', ...path].join(' > '))),
    timeDeltas: samples.map(([afterUs]) => afterUs),
  };
}

const HASH = 'hash@file:///srv/a.js';
const NODE = 'pbkdf2Sync@node:internal/crypto/pbkdf2';

describe('the hottest stack of a stretch', () => {
  it('is innermost first, with paths instead of URLs and lines counted from 1', () => {
    const { blocking } = joinBlocking(raw({ profile: profileOf([[1000, HASH, NODE, 'run']]) }), [], { home });
    expect(blocking.stretches[0]?.stack).toEqual([
      { function: 'run', file: '', line: 0, column: 0 },
      { function: 'pbkdf2Sync', file: 'node:internal/crypto/pbkdf2', line: 10, column: 5 },
      { function: 'hash', file: '/srv/a.js', line: 10, column: 5 },
    ]);
  });

  it('shows a compiled regular expression, which has no lines, at the line where its caller spent time of its own', () => {
    const pattern = 'RegExp: ^(a+)+hash';
    const { blocking } = joinBlocking(
      raw({ profile: profileOf([[1000, HASH, pattern]], { [HASH]: 17 }) }),
      [],
      { home },
    );
    expect(blocking.stretches[0]?.stack).toMatchObject([
      { function: pattern, line: 0 },
      { function: 'hash', line: 17 },
    ]);
    const atSites = blockingAtCallSites(blocking, () => 'function hash() {\n  hash();\n}\n'.repeat(20));
    expect(atSites.stretches[0]?.stack[1]).toMatchObject({ line: 17 });
  });

  it('shows the hottest line where the samples stood in the function itself, or in native code that it called', () => {
    const self = joinBlocking(raw({ profile: profileOf([[1000, HASH]], { [HASH]: 14 }) }), [], { home });
    expect(self.blocking.stretches[0]?.stack[0]).toMatchObject({ function: 'hash', line: 14 });
    const nativeCode = joinBlocking(
      raw({ profile: profileOf([[1000, HASH, 'all']], { [`${HASH} > all`]: 17 }) }),
      [],
      { home },
    );
    expect(nativeCode.blocking.stretches[0]?.stack).toMatchObject([
      { function: 'all', line: 0 },
      { function: 'hash', line: 17 },
    ]);
  });

  it('is that of the application function with most time, not of the single hottest leaf', () => {
    const profile = profileOf([
      [10_000, HASH, 'a@node:x'],
      [10_000, HASH, 'b@node:x'],
      [15_000, 'other@file:///srv/b.js'],
      [10_000, HASH, 'b@node:x'],
    ]);
    const [stretch] = joinBlocking(raw({ profile }), [], { home }).blocking.stretches;
    expect(stretch?.stack.map((frame) => frame.function)).toEqual(['b', 'hash']);
    expect(stretch?.stackShare).toBeCloseTo(30 / 45);
  });

  it('takes samples by the time they stand for, and only those within', () => {
    const other = 'other@file:///srv/b.js';
    const profile = profileOf([
      [5000, other],
      [45_000, HASH],
      [1000, other],
      [1000, other],
      [60_000, other],
      [1000, other],
    ]);
    const [stretch] = joinBlocking(raw({ profile }), [], { home }).blocking.stretches;
    expect(stretch?.stack[0]?.function).toBe('hash');
    expect(stretch?.stackShare).toBeCloseTo(45 / 52);
  });

  it('leaves out idle time and frames of the agent, and is empty when nothing else is left', () => {
    const agent = 'hook@file:///opt/mettle/dist/agent/switches.js';
    const profile = profileOf([
      [60_000, '(idle)'],
      [1000, '(garbage collector)'],
      [1000, agent],
      [1000, agent, HASH],
    ]);
    const [stretch] = joinBlocking(raw({ profile }), [], { home }).blocking.stretches;
    expect(stretch?.stack.map((frame) => frame.function)).toEqual(['hash']);
    expect(stretch?.stackShare).toBe(1);
    const none = joinBlocking(raw({ profile: profileOf([[1000, '(program)']]) }), []).blocking.stretches[0];
    expect(none).toMatchObject({ stack: [], stackShare: 0 });
  });

  it('goes through the map to sources that it is given', () => {
    const mapFrame = (frame: {
      file: string;
      function: string;
      line: number;
      column: number;
    }): typeof frame => ({ ...frame, file: frame.file.replace('.js', '.ts') });
    const { blocking } = joinBlocking(raw({ profile: profileOf([[1000, HASH]]) }), [], { home, mapFrame });
    expect(blocking.stretches[0]?.stack[0]?.file).toBe('/srv/a.ts');
  });
});

describe('joined evidence', () => {
  const profile = profileOf([
    [1000, HASH],
    [200_000, HASH],
  ]);
  const slices = {
    subject: [1, 0, 1, 1],
    call: [1, 0, 2, 2],
    startedAtMs: [0, 100, 200, 300],
    wallMs: [40, 90, 60, 5],
    cpuMs: [30, -1, 50, 5],
    hostDelayMs: [-1, 0, 1, 0],
  };

  it('keeps the longest stretches and counts those left out', () => {
    const { blocking } = joinBlocking(raw({ profile, slices, droppedSlices: 4 }), [], {
      home,
      maxStretches: 2,
    });
    expect(
      blocking.stretches.map(({ subject, call, wallMs, cpuMs, hostDelayMs }) => [
        subject,
        call,
        wallMs,
        cpuMs,
        hostDelayMs,
      ]),
    ).toEqual([
      [null, 0, 90, null, 0],
      ['hash', 2, 60, 50, 1],
    ]);
    expect(blocking.droppedStretches).toBe(5);
    expect(blocking.subjects).toEqual([
      { name: 'hash', calls: 2, cpuMs: 180, onThreadMs: 200, gcMs: 7, longestStretchesMs: [59, 40] },
    ]);
    expect(blocking.unattributed).toEqual({ cpuMs: 4, onThreadMs: 5 });
  });

  it('counts garbage collection within a stretch once, though one kind runs inside another', () => {
    const gc = { startedAtMs: [190, 205, 390], durationMs: [30, 10, 50] };
    const { blocking } = joinBlocking(raw({ profile, slices, gc }), [], { home });
    expect(blocking.stretches.map((stretch) => stretch.gcMs)).toEqual([0, 20, 0]);
  });

  it('says whose each sample is', () => {
    const { cpuProfile } = joinBlocking(
      raw({
        profile: profileOf([
          [1000, HASH],
          [49_000, HASH],
          [170_000, HASH],
        ]),
        slices,
      }),
      [],
    );
    expect(cpuProfile.sampleSubjects).toEqual([1, 0, 1]);
    expect(cpuProfile.subjects).toEqual(['', 'hash']);
  });
});

describe('with a profile that V8 took', () => {
  function hashNow(): void {
    pbkdf2Sync('a', 'b', 150_000, 64, 'sha512');
  }
  function waitNow(): void {
    // Long beside what starting and stopping the profiler takes on a busy machine, which the slice holds too.
    execFileSync(process.execPath, ['-e', 'setTimeout(() => {}, 1000)']);
  }

  it.each([
    ['computing in Node', hashNow, 'hashNow', 'pbkdf2Sync'],
    ['waiting for a child process', waitNow, 'waitNow', 'execFileSync'],
  ])('names the function %s and the call it made', async (_what, work, name, call) => {
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 1000 });
    await session.post('Profiler.start');
    const startedAtMs = Number(process.hrtime.bigint()) / 1e6;
    work();
    const wallMs = Number(process.hrtime.bigint()) / 1e6 - startedAtMs;
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    // Where V8's clock and hrtime differ, the slice is moved to the profile's own time: the whole of it.
    const slices = {
      subject: [1],
      call: [1],
      startedAtMs: [profile.startTime / 1000],
      wallMs: [Math.max(wallMs, (profile.endTime - profile.startTime) / 1000)],
      cpuMs: [-1],
      hostDelayMs: [-1],
    };
    const { blocking } = joinBlocking(raw({ profile: profile as Profile, slices }), [], { home });
    const stack = blocking.stretches[0]?.stack ?? [];
    expect(applicationFrame(stack, home)).toMatchObject({
      function: name,
      file: fileURLToPath(import.meta.url),
    });
    expect(synchronousCall(stack)?.function).toBe(call);
  });
});
