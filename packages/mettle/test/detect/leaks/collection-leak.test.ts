import { describe, expect, it } from 'vitest';
import { collectionLeak } from '../../../src/detect/detectors/collection-leak.ts';
import { leakRun, type Grows } from '../../builders/heap.ts';
import { allFindings, leaksFound, onlyFinding, staysSilent } from './every-pattern.ts';

const ENTRY: Grows = { bytesPerCall: 1422, at: 'src/sessions.js:39' };

describe('collection-leak', () => {
  it('names the collection, the bytes and the line', () => {
    const finding = onlyFinding(leakRun().calls('open').calls('search').grows(ENTRY));
    expect(finding.title).toBe(
      '`search` adds one entry to the Map `sessions` per call, and nothing takes them out: 1.39 KiB per call, at src/sessions.js:39',
    );
    expect(finding.tool).toBe('search');
    expect(finding.fix).toContain('finally { map.delete(id); }');
  });

  it('shows the path, the growth round by round, and when memory is full', () => {
    const { evidence } = onlyFinding(leakRun().calls('open').grows(ENTRY));
    expect(evidence.map(({ kind, title }) => `${kind}: ${title}`)).toEqual([
      'retaining-path: What keeps it in memory',
      'table: Objects that are still there at the end, by the round that made them',
      'series: How it grows',
      'table: Its size when the calls went on, to see whether it ends',
      'table: What each leaves behind',
      'stack: Where it grows',
      'table: When V8’s heap limit of 2 GiB is reached by this alone',
    ]);
    const [, rounds] = evidence;
    expect(rounds).toMatchObject({ rows: expect.arrayContaining([['1 (new arguments)', 13, 13, 1]]) });
    expect(evidence.at(-1)).toMatchObject({
      columns: ['after', 'at 1 call a second', 'at 10 calls a second', 'at 100 calls a second'],
      rows: [['1,495,945 calls', '17 days', '42 h', '4 h']],
    });
  });

  it('finds growth on one call in four, and numbers in an array', () => {
    const told = leakRun()
      .calls('badge')
      .grows({ objectsPerCall: 0.25, proof: 'correlated', bytesPerCall: 400 })
      .calls('record')
      .grows({
        bytesPerCall: 800,
        owner: { kind: 'numbers', className: 'Array', name: 'readings' },
        element: { kind: 'number', description: 'number' },
      });
    expect(leaksFound(told)).toEqual([
      ['collection-leak', 'record'],
      ['collection-leak', 'badge'],
    ]);
    expect(allFindings(told).map(({ title }) => title)[1]).toContain('adds 0.25 entries');
  });

  it('says of what is too slight to be found that it grows', () => {
    const evidence = leakRun().calls('think').grows({ bytesPerCall: 101 }).evidence();
    expect(collectionLeak.detect(evidence)).toEqual([]);
    expect(collectionLeak.looked(evidence)).toMatch(
      /: what grows without end is slight \(`think` by 101 B per call\)$/,
    );
  });

  it('is told of the server when the calls of many tools fill the same collection', () => {
    const told = leakRun();
    for (const tool of ['a', 'b', 'c', 'd']) told.calls(tool).grows(ENTRY);
    const finding = onlyFinding(told);
    expect(finding.tool).toBeUndefined();
    expect(finding.title).toContain('Each of 4 tools and methods (`a`, `b`, `c`, `d`) adds one entry');
  });

  it('is told of the server when it follows everybody’s calls', () => {
    const finding = onlyFinding(leakRun().calls('any request').grows(ENTRY));
    expect(finding.tool).toBeUndefined();
    expect(finding.title).toContain(
      'The server, whatever is asked of it, adds one entry to the Map `sessions` per request',
    );
  });

  it('keeps two collections of one tool apart', () => {
    const told = leakRun()
      .calls('open')
      .grows(ENTRY)
      .grows({ ...ENTRY, owner: { name: 'audit', kind: 'array', className: 'Array' }, at: 'src/audit.js:4' });
    expect(leaksFound(told)).toEqual([
      ['collection-leak', 'open'],
      ['collection-leak', 'open'],
    ]);
  });

  it('is one finding when a library’s object grows in two of its fields', () => {
    const within = ['module src/gateway.js', 'Client "upstream"', 'Ajv "_ajv"'];
    const told = leakRun()
      .calls('open')
      .grows({ owner: { name: '_cache' }, path: [...within, 'Map "_cache"', 'entry'] })
      .grows({ owner: { name: 'schema' }, path: [...within, 'ValueScope "scope"', 'Map "schema"', 'entry'] });
    expect(leaksFound(told)).toEqual([['collection-leak', 'open']]);
  });

  it('tells failed and cancelled calls from others', () => {
    const failed = onlyFinding(leakRun().calls('open').calls('open', 'failed').grows(ENTRY));
    expect(failed.title).toContain('per failed call');
    const cancelled = onlyFinding(leakRun().calls('open', 'cancelled').grows(ENTRY));
    expect(cancelled.title).toContain('per cancelled call');
  });

  it('tells what a poller of nobody’s calls piles up by the second', () => {
    const finding = onlyFinding(leakRun().calls('open').growsByTime({ startedBy: 'nobody' }));
    expect(finding).toMatchObject({ id: 'collection-leak', cost: { value: 3600, per: 'second' } });
    expect(finding.tool).toBeUndefined();
    expect(finding.title).toBe(
      'The server, without any call, adds to the Map `sessions` from a timer, and nothing takes anything out: 3.52 KiB a second, without any call',
    );
  });

  it('is silent about growth that is nobody’s', () => {
    const told = leakRun()
      .calls('open')
      .grows({ ...ENTRY, proof: 'none' });
    const evidence = told.evidence();
    const growths = evidence.heapGrowth.growths.map((growth) => ({ ...growth, subject: null }));
    const heapGrowth = { ...evidence.heapGrowth, growths };
    expect(collectionLeak.detect({ ...evidence, heapGrowth })).toEqual([]);
  });

  staysSilent(collectionLeak, ENTRY);
});

describe('leaks of two tools in one line', () => {
  const of = (name: string) => ({ kind: 'map', className: 'Map', name }) as const;
  const both = (first: string, second: string) =>
    leakRun()
      .calls('product')
      .grows({ owner: of('products'), at: first })
      .calls('stock')
      .grows({ owner: of('inFlight'), at: second });

  it('are two where the columns differ, as in a bundle that was made small', () => {
    expect(leaksFound(both('dist/app.js:76:1204', 'dist/app.js:76:1602')).map(([, tool]) => tool)).toEqual([
      'product',
      'stock',
    ]);
  });

  it('are one where it is the same place, which both tools reach', () => {
    const finding = onlyFinding(both('dist/app.js:76:1204', 'dist/app.js:76:1204'));
    expect(finding.title).toMatch(/^Each of `product` and `stock` adds one entry/);
  });
});
