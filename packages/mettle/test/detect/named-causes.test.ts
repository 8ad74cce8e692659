import { describe, expect, it } from 'vitest';
import { referTailsToCauses, referToCauses } from '../../src/detect/named-causes.ts';
import type { Finding } from '../../src/evidence/index.ts';

const CWD = '/srv/shop';
const HASH = { file: `${CWD}/src/passwords.js`, line: 12, function: 'hashPassword' };
const PARSE = { file: `${CWD}/src/passwords.js`, line: 9, function: 'hashPassword' };
const ROUTE = { file: `${CWD}/src/route.js`, line: 3, function: 'login' };

function found(id: string, value: number, some: Partial<Finding> = {}): Finding {
  return {
    id,
    fingerprint: `mark of ${id}`,
    severity: 'high',
    confidence: 'measured',
    tool: 'login',
    title: id,
    evidence: [],
    location: HASH,
    cost: { value, unit: 'ms CPU', per: 'call' },
    fix: `mend ${id}.`,
    verify: { command: 'npx mettle check', expect: 'exit code 0' },
    ...some,
  };
}

const block = found('blocked-event-loop', 100, { fix: 'use a worker' });
const blockAmong = (...others: Finding[]): Finding | undefined => referToCauses([block, ...others], CWD)[0];

describe('a held event loop whose cause is named', () => {
  it('has the cause’s fix, and says where that is', () => {
    const cause = found('hash-on-main-thread', 96);
    const [first, second] = referToCauses([block, cause], CWD);
    expect(first?.fix).toBe(
      'What holds it is `hash-on-main-thread` at src/passwords.js:12: mend hash-on-main-thread.',
    );
    expect(first?.causedBy).toEqual([cause.fingerprint]);
    expect(second).toEqual(cause);
  });

  it('has the fixes of all of its causes, the dearest first', () => {
    const causes = [found('large-json-parse', 30, { location: PARSE }), found('hash-on-main-thread', 60)];
    expect(blockAmong(...causes)?.fix).toBe(
      'What holds it, the dearest first, is `hash-on-main-thread` at src/passwords.js:12: mend hash-on-main-thread. ' +
        'Then `large-json-parse` at src/passwords.js:9: mend large-json-parse.',
    );
  });

  it('takes for it what is shown at the function that leads to the block, when the tool has no other block', () => {
    const cause = found('sync-file-io', 80, { location: ROUTE });
    expect(blockAmong(cause)?.causedBy).toEqual([cause.fingerprint]);
    expect(blockAmong(cause, found('blocked-event-loop', 70, { location: PARSE }))).toEqual(block);
  });
});

describe('the general fix stays', () => {
  it.each([
    ['when what is named explains less than half of the block', found('hash-on-main-thread', 40)],
    ['when what is named is another tool’s', found('hash-on-main-thread', 96, { tool: 'search' })],
    [
      'when what is named is counted by another measure',
      found('gc-pressure', 96, { cost: { value: 96, unit: 'ms', per: 'second' } }),
    ],
  ])('%s', (_, other) => {
    expect(blockAmong(other)).toEqual(block);
  });

  it('when nothing is named', () => {
    expect(blockAmong()).toEqual(block);
  });
});

describe('calls that wait for the event loop, held by a cause that is named', () => {
  const delay = { value: 90, unit: 'ms of delay', per: 'call' } as const;
  const tail = found('latency-tail', 90, { cost: delay, fix: 'use a worker' });

  it('are told the fix of the cause', () => {
    const cause = found('schema-compiled-per-call', 75);
    const [told] = referTailsToCauses([tail], [block, cause], CWD);
    expect(told?.fix).toBe(
      'What holds the event loop is `schema-compiled-per-call` at src/passwords.js:12: mend schema-compiled-per-call.',
    );
    expect(told?.causedBy).toEqual([cause.fingerprint]);
  });

  it.each([
    ['elsewhere', found('large-json-parse', 75, { location: ROUTE })],
    ['of another tool', found('large-json-parse', 75, { tool: 'search' })],
    ['of a small part', found('large-json-parse', 20)],
  ])('keep the general fix when the cause is %s', (_, cause) => {
    expect(referTailsToCauses([tail], [block, cause], CWD)).toEqual([tail]);
  });
});
