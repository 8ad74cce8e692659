import { describe, expect, it } from 'vitest';
import { listenerLeak } from '../../../src/detect/detectors/listener-leak.ts';
import { leakRun, type Grows } from '../../builders/heap.ts';
import { leaksFound, onlyFinding, staysSilent } from './every-pattern.ts';

const LISTENER: Grows = {
  bytesPerCall: 2272,
  owner: { kind: 'event-emitter', className: 'Station', name: 'station' },
  element: { kind: 'closure', description: 'ƒ onReading' },
  at: 'src/weather.js:28',
};

describe('listener-leak', () => {
  it('names the emitter, the bytes and the line that adds the listener', () => {
    const finding = onlyFinding(leakRun().calls('forecast').grows(LISTENER));
    expect(finding.title).toBe(
      '`forecast` adds one listener to the Station `station` per call and never removes it: 2.22 KiB per call, at src/weather.js:28',
    );
    expect(finding).toMatchObject({
      id: 'listener-leak',
      tool: 'forecast',
      confidence: 'measured',
      cost: { value: 2270, unit: 'bytes', per: 'call' },
      location: { file: '/srv/shop/src/weather.js', line: 28 },
    });
    expect(finding.fix).toContain('emitter.off(name, listener)');
    expect(finding.verify.command).toBe(
      'npx mettle leak --tool forecast --fail-on listener-leak -- node src/server.js',
    );
  });

  it('tells listeners of an AbortSignal that the server keeps how they are removed', () => {
    const finding = onlyFinding(
      leakRun()
        .calls('fetch_page')
        .grows({
          ...LISTENER,
          owner: { kind: 'event-target', className: 'AbortSignal', name: 'signal' },
          element: { kind: 'listener', description: 'ƒ onAbort' },
        }),
    );
    expect(finding.id).toBe('listener-leak');
    expect(finding.fix).toContain('removeEventListener');
  });

  it('is one finding, though the emitter and its list of listeners both grow', () => {
    const told = leakRun()
      .calls('forecast')
      .grows(LISTENER)
      .grows({ ...LISTENER, owner: { kind: 'array', className: 'Array', name: '_events.reading' } });
    expect(leaksFound(told)).toEqual([['listener-leak', 'forecast']]);
  });

  it('names the emitter and the event by the path, where the listeners are a list without a name', () => {
    const path = [
      'module src/weather.js',
      'EventEmitter "updates"',
      'Object "_events"',
      'Array "reading"',
      'element closure onReading',
    ];
    const owner = { kind: 'event-emitter', className: 'Array', name: 'reading' } as const;
    const finding = onlyFinding(
      leakRun()
        .calls('forecast')
        .grows({ ...LISTENER, owner, path }),
    );
    expect(finding.title).toContain('adds one listener for `reading` to the EventEmitter `updates` per call');
  });

  it('names the package when a dependency adds the listener', () => {
    const file = '/srv/shop/node_modules/weather-client/index.js';
    const at = [{ function: 'subscribe', file, line: 40, column: 5 }];
    const finding = onlyFinding(
      leakRun()
        .calls('forecast')
        .grows({ ...LISTENER, at }),
    );
    expect(finding.title).toContain(
      '(library leak: weather-client keeps it, at node_modules/weather-client/index.js:40)',
    );
    expect(finding.fix).toContain('look for a newer version');
  });

  it('takes what the server itself puts into a dependency’s object for the server’s doing', () => {
    const inside = { function: 'on', file: '/srv/shop/node_modules/mitt/index.js', line: 7, column: 5 };
    const own = { function: 'forecast', file: '/srv/shop/src/weather.js', line: 28, column: 5 };
    const direct = onlyFinding(
      leakRun()
        .calls('forecast')
        .grows({ ...LISTENER, at: [inside, own] }),
    );
    expect(direct.title).not.toContain('library leak');
    const deep = onlyFinding(
      leakRun()
        .calls('forecast')
        .grows({ ...LISTENER, at: [inside, inside, inside, own] }),
    );
    expect(deep.title).toContain('library leak: mitt');
    expect(deep.location).toMatchObject({ file: own.file, line: 28 });
  });

  staysSilent(listenerLeak, LISTENER);
});

describe('the holder of listeners that has no name of its own', () => {
  it('is the process, where the path says so', () => {
    const owner = { kind: 'event-emitter', className: 'Array', name: 'SIGHUP' } as const;
    const path = ['Node.js', 'process', 'Object "_events"', 'Array "SIGHUP"', 'element closure'];
    const finding = onlyFinding(
      leakRun()
        .calls('flag')
        .grows({ ...LISTENER, owner, path, at: 'src/flags.js:9' }),
    );
    expect(finding.title).toContain(
      'adds one listener for `SIGHUP` to `process` per call and never removes it',
    );
  });
});
