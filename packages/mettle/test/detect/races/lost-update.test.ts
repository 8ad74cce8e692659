import { describe, expect, it } from 'vitest';
import { lostUpdate } from '../../../src/detect/detectors/lost-update.ts';
import { came, pair, raced, says, steps, violation } from '../../builders/race.ts';
import { having, onlyFinding, staysSilent } from './every-race.ts';

const SAVED = says('saved');
/** Both read the empty file; B writes, then A writes what it made of what it had read. */
const STALE = violation({
  class: 'state',
  steps: steps(
    'A call',
    'A read memory.jsonl @53',
    'B call',
    'B read memory.jsonl @53',
    'B write memory.jsonl @96',
    'A write memory.jsonl @96',
  ),
  outcome: came([SAVED, SAVED], { 'memory.jsonl': '{"name":"alpha"}' }),
  allowed: [
    came([SAVED, SAVED], { 'memory.jsonl': '{"name":"alpha"}\n{"name":"beta"}' }),
    came([SAVED, SAVED], { 'memory.jsonl': '{"name":"beta"}\n{"name":"alpha"}' }),
  ],
});

describe('lost-update', () => {
  it('names what is gone, and the line of the later write', () => {
    const finding = onlyFinding(having(STALE));
    expect(finding.title).toBe(
      'Two calls of `save` at once lose an update: "{"name":"beta"}" in memory.jsonl is gone, though all answer success, at src/server.js:96',
    );
    expect(finding).toMatchObject({
      id: 'lost-update',
      severity: 'high',
      confidence: 'reproduced',
      tool: 'save',
      location: { line: 96 },
      cost: { value: 70, unit: '% of the 10 schedules tried' },
    });
    expect(finding.fix).toContain('exclusive(key, fn)');
    expect(finding.verify.command).toBe(
      "npx mettle race --tool save --replay 'save@0,save@1;A,B:A#2>B' -- node src/server.js",
    );
  });

  it('shows both lanes, and which write overwrites which', () => {
    const [timeline, outcomes] = onlyFinding(having(STALE)).evidence;
    expect(timeline).toMatchObject({
      kind: 'interleaving',
      lanes: ['A save', 'B save'],
      steps: [
        { lane: 0, text: 'call' },
        { lane: 0, text: 'readFile memory.jsonl', place: { line: 53 } },
        { lane: 1, text: 'call' },
        { lane: 1, text: 'readFile memory.jsonl' },
        { lane: 1, text: 'write memory.jsonl', place: { line: 96 } },
        { lane: 0, note: 'overwrites step 5; its input was read at step 2' },
      ],
    });
    expect(outcomes).toMatchObject({
      kind: 'transcript',
      lines: [
        'observed  memory.jsonl {"name":"alpha"}',
        'A→B       memory.jsonl {"name":"alpha"} ⏎ {"name":"beta"}',
        'B→A       memory.jsonl {"name":"beta"} ⏎ {"name":"alpha"}',
      ],
    });
  });

  it('is one finding for all pairs that meet at one line, the pair of equal calls first', () => {
    const other = violation({ ...STALE, subjects: ['remove', 'save'] });
    const finding = onlyFinding(having(other, STALE));
    expect(finding.tool).toBe('save');
    expect(finding.title).toMatch(/at src\/server\.js:96, and so does one other pair$/);
    expect(finding.evidence.at(-1)).toMatchObject({ kind: 'table', rows: [{}, {}] });
  });

  it('is a removal that is overwritten, though then there is too much and not too little', () => {
    const finding = onlyFinding(
      having(
        violation({
          ...STALE,
          subjects: ['save', 'remove'],
          calls: [
            { tool: 'save', arguments: { name: 'beta' }, connection: 0 },
            { tool: 'remove', arguments: { name: 'alpha' }, connection: 0 },
          ],
          outcome: came([SAVED, says('removed')], { 'memory.jsonl': 'alpha\nbeta' }),
          allowed: [
            came([SAVED, says('removed')], { 'memory.jsonl': 'beta' }),
            came([SAVED, says('removed')], { 'memory.jsonl': 'beta' }),
          ],
        }),
      ),
    );
    expect(finding.id).toBe('lost-update');
    expect(finding.title).toContain('"alpha" in memory.jsonl is there still or again');
  });

  it('is found in memory too, where no write is seen: at the line where the later call went on', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'state',
          steps: steps('A call', 'B call', 'A back @12', 'B back @12', 'A back @14', 'B back @14'),
          outcome: came([SAVED, SAVED], {}, [says('1')]),
          allowed: [came([SAVED, SAVED], {}, [says('2')]), came([SAVED, SAVED], {}, [says('2')])],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'lost-update', location: { line: 14 } });
    expect(finding.fix).toContain('without an `await`');
  });

  it('lies in memory where files are only read: no file is what its remedy locks', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'state',
          steps: steps('A call', 'B call', 'A read feed.json @9', 'B read feed.json @9'),
          outcome: came([SAVED, SAVED], {}, [says('2')]),
          allowed: [came([SAVED, SAVED], {}, [says('4')])],
        }),
      ),
    );
    expect(finding.id).toBe('lost-update');
    expect(finding.fix).toContain('without an `await`');
    expect(finding.fix).not.toContain('keyed by the file');
  });

  it('tells a number that is wrong with the one that it should be', () => {
    const finding = onlyFinding(
      having(
        violation({
          class: 'state',
          steps: steps('A call', 'B call', 'A back @12', 'B back @12', 'A back @14', 'B back @14'),
          outcome: came([SAVED, SAVED], {}, [says('{"left":7}')]),
          allowed: [came([SAVED, SAVED], {}, [says('{"left":4}')])],
        }),
      ),
    );
    expect(finding.title).toContain(
      '"left: 7" is left where every order leaves "left: 4", though all answer',
    );
  });

  it('counts pairs of tools, not how often one was raced', () => {
    expect(
      onlyFinding(having(STALE, violation({ ...STALE, replay: 'save@2,save@3;A,B:A#2>B' }))).title,
    ).not.toContain('other pair');
  });

  it('is a file that one rename destroys: both say that they moved, and one content is gone', () => {
    const moved = says('moved');
    const finding = onlyFinding(
      having(
        violation({
          class: 'state',
          subjects: ['move', 'move'],
          calls: [
            { tool: 'move', arguments: { from: 'a', to: 'c' }, connection: 0 },
            { tool: 'move', arguments: { from: 'b', to: 'c' }, connection: 0 },
          ],
          steps: steps('A call', 'A lstat c @7', 'B call', 'B lstat c @7', 'B rename c @9', 'A rename c @9'),
          outcome: came([moved, moved], { c: 'one' }),
          allowed: [
            came([moved, says('c exists')], { c: 'one', b: 'two' }),
            came([says('c exists'), moved], { a: 'one', c: 'two' }),
          ],
        }),
      ),
    );
    expect(finding).toMatchObject({ id: 'lost-update', location: { line: 9 } });
  });

  it('is not clear where the search of the only pair was cut short: the matrix has it open, too', () => {
    const pairs = [pair(['save', 'save'], { completeBound: null, undecided: null, trials: 6 })];
    expect(lostUpdate.blind?.(raced({ pairs }))).toContain('could be judged: the search was cut short');
    expect(lostUpdate.blind?.(raced({ pairs, replayed: true }))).toBeNull();
  });

  staysSilent(lostUpdate);
});
