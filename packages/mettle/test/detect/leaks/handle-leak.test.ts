import { describe, expect, it } from 'vitest';
import { handleLeak } from '../../../src/detect/detectors/handle-leak.ts';
import { leakRun } from '../../builders/heap.ts';
import { leaksFound, onlyFinding } from './every-pattern.ts';

describe('handle-leak', () => {
  it('is what calls open and nothing closes', () => {
    const finding = onlyFinding(leakRun().calls('rate').opens({ at: 'src/exchange.js:23' }));
    expect(finding).toMatchObject({
      id: 'handle-leak',
      tool: 'rate',
      severity: 'high',
      title: '`rate` opens one socket per call and never closes it, at src/exchange.js:23',
      cost: { value: 1, unit: 'sockets', per: 'call' },
    });
    expect(finding.fix).toContain('socket.destroy()');
  });

  it('is one finding for a child process with its pipes and their descriptors', () => {
    const told = leakRun()
      .calls('render')
      .opens({ kind: 'file', resource: 'file descriptor', perCall: 3 })
      .opens({ kind: 'socket', resource: 'PipeWrap', perCall: 3 })
      .opens({ kind: 'child-process', resource: 'ProcessWrap' });
    const finding = onlyFinding(told);
    expect(finding.title).toContain('opens one child process per call');
    expect(finding.fix).toContain('child.kill()');
  });

  it('takes in the objects of the socket, and is told of sockets that a collection holds', () => {
    const path = { owner: { kind: 'native', className: 'TCP', name: null } } as const;
    expect(leaksFound(leakRun().calls('rate').grows(path).opens())).toEqual([['handle-leak', 'rate']]);
    const kept = leakRun()
      .calls('rate')
      .grows({ element: { kind: 'handle', description: 'Socket' }, at: 'src/exchange.js:24' });
    expect(onlyFinding(kept)).toMatchObject({ id: 'handle-leak', location: { line: 24 } });
  });

  it('is told of sockets in a Map by name', () => {
    const holds = [{ className: 'Socket', kind: 'handle', perCall: 1, bytesPerCall: 800 }] as const;
    const told = leakRun()
      .calls('rate')
      .grows({ holds, element: { kind: 'string', description: 'string' } })
      .opens();
    expect(leaksFound(told)).toEqual([['handle-leak', 'rate']]);
  });

  it('is silent about a pool that is full, and about what was not decided', () => {
    const pool = leakRun()
      .calls('query')
      .opens({ bound: { kind: 'plateau', size: 10, calls: 400 } });
    expect(handleLeak.detect(pool.evidence())).toEqual([]);
    const nobody = leakRun().calls('query').opens({ perCall: 0 });
    expect(handleLeak.detect(nobody.evidence())).toEqual([]);
  });
});
