import { describe, expect, it } from 'vitest';
import { detectors } from '../../src/detect/index.ts';
import type { Bundle } from '../../src/evidence/index.ts';
import { renderHtml } from '../../src/report/index.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { resultOf } from '../../src/run/result.ts';
import { came, pair, raced, says, steps, violation } from '../builders/race.ts';

const SAVED = says('saved');
const LOST = violation({
  class: 'state',
  steps: steps(
    'A call',
    'A read memory.jsonl @53',
    'B call',
    'B read memory.jsonl @53',
    'B write memory.jsonl @96',
    'A write memory.jsonl @96',
  ),
  outcome: came([SAVED, SAVED], { 'memory.jsonl': 'alpha' }),
  allowed: [
    came([SAVED, SAVED], { 'memory.jsonl': 'alpha\nbeta' }),
    came([SAVED, SAVED], { 'memory.jsonl': 'beta\nalpha' }),
  ],
});

function bundleOf(told: Parameters<typeof raced>[0]): Bundle {
  const { race, target, exercise } = raced(told);
  return {
    manifest: {
      schema: 'mettle/bundle@1',
      mettle: '0.1.0',
      node: 'v20.20.2',
      examination: 'race',
      command: 'mettle race -- node src/server.js',
      startedAt: '2026-11-22T10:00:00.000Z',
      durationMs: 900,
      present: ['race', 'target', 'exercise'],
      absent: {},
      notes: [],
    },
    evidence: { race, target, exercise },
  };
}

const RACY = bundleOf({
  violations: [LOST],
  pairs: [
    pair(['save', 'save'], { worst: 'state', badTrials: 7 }),
    pair(['save', 'read']),
    pair(['read', 'read'], { undecided: 'two runs of one order differ' }),
  ],
});

function terminal(bundle: Bundle, matrixOnly = false): string {
  const options = { color: false, width: 100, matrixOnly };
  return renderTerminal(resultOf(bundle, detectors), bundle, options);
}

describe('a race at the terminal', () => {
  it('shows both lanes side by side, what waits meanwhile, and which write overwrites which', () => {
    const text = terminal(RACY);
    expect(text).toContain('A save');
    expect(text).toMatch(/2\s+readFile memory\.jsonl :53\s+│/);
    expect(text).toMatch(/4\s+·\s+│ readFile memory\.jsonl :53/);
    expect(text).toContain('^ overwrites step 5; its input was read at step 2');
    expect(text).toContain('observed  memory.jsonl alpha');
    expect(text).toMatch(/A→B\s+memory\.jsonl alpha ⏎ beta/);
  });

  it('shows the matrix with a mark per pair, its legend, and what was tried', () => {
    const text = terminal(RACY);
    expect(text).toContain('1 save S ·');
    expect(text).toContain('2 read · ?');
    expect(text).toContain('S a state that no order leaves');
    expect(text).toContain('1 of 2 pairs has schedules that no order of the same calls explains');
    expect(text.replaceAll(/\s+/g, ' ')).toContain('Tried: every schedule with at most 1 preemption');
    expect(text).toContain('not decided, 1 pair: two runs of one order differ');
  });

  it('shows the matrix and a line per finding, when that is all that is wanted', () => {
    const text = terminal(RACY, true);
    expect(text).toContain('1 save S ·');
    expect(text).toContain('lose an update');
    expect(text).not.toContain('readFile');
  });

  it('never says that there are no races', () => {
    const text = terminal(bundleOf({}));
    expect(text).toMatch(/Races\s+clear\s+every schedule with at most 1 preemption/);
    expect(text).toContain('none has a schedule that no order explains');
  });

  it('fits its width, however long the names', () => {
    const name = 'a_tool_with_a_very_long_name_that_nobody_would_type_again_'.repeat(3);
    const text = terminal(
      bundleOf({
        violations: [{ ...LOST, subjects: [name, name] }],
        pairs: [pair([name, name], { worst: 'state' })],
      }),
    );
    const long = text.split('\n').filter((line) => line.length > 100 && !line.includes('--replay'));
    expect(long.filter((line) => !line.includes('npx mettle'))).toEqual([]);
  });
});

describe('a race in the page', () => {
  const page = renderHtml(resultOf(RACY, detectors), RACY);

  it('has the matrix, readable without colour', () => {
    expect(page).toContain('id="races"');
    expect(page).toContain('save × save: a state that no order leaves');
  });

  it('has the lanes with lines and notes', () => {
    expect(page).toMatch(/class="on l0">\s*readFile memory\.jsonl\s*<span class="path">:53<\/span>/);
    expect(page).toContain('overwrites step 5; its input was read at step 2');
  });

  it('escapes what a server calls its tools', () => {
    const evil = bundleOf({ pairs: [pair(['<img src=x onerror=alert(1)>', 'save'])] });
    expect(renderHtml(resultOf(evil, detectors), evil)).not.toContain('<img src=x');
  });
});
