import { isWell, longestHeldMs } from '../../derive/race/index.ts';
import type { Detector } from '../../evidence/index.ts';
import { ms, quoted } from '../figures.ts';
import { overloadDetector } from '../crowd-finding.ts';

const ID = 'no-load-shedding';
/** From here on a server can answer no more than two hundred a second: a burst that one client can send. */
const HELD_MS = 5;
/** Of the calls at once so many are begun before any is answered. */
const SHARE = 0.8;
/**
 * In virtual time all end when a lone one would. Where they take turns, somebody lets in only so many; that those who wait have a
 * timer of their own (how long they may) must not pass for work under way. Calls that take no virtual time cannot be told apart.
 */
const TOGETHER = 1.5;
/** The last one's answer comes later than a person takes for "at once". */
const LAST_WAITS_MS = 500;

/** Every call is taken on at once, each computes, and none is refused: beyond what the processor can do all come too late. */
export const noLoadShedding: Detector<'race' | 'target'> = overloadDetector(ID, (crowd) => {
  const { subject, alone, most } = crowd;
  const held = longestHeldMs(crowd);
  if (!isWell(most) || held < HELD_MS || most.overlap < SHARE * most.calls) return null;
  if (alone.virtualMs === 0 || most.virtualMs > TOGETHER * alone.virtualMs) return null;
  const allMs = held * most.calls;
  return {
    severity: allMs >= LAST_WAITS_MS ? 'medium' : 'low',
    title: `${most.calls} calls of ${quoted(subject)} at once are all taken on and none is refused, though each holds the main thread for ${ms(held)}: beyond ${Math.floor(1000 / held)} a second all answers come too late`,
    cost: {
      value: Math.round(allMs),
      unit: `ms until the last of ${most.calls} calls is answered`,
      per: 'run',
    },
    fix: 'Take on what can be answered in time and refuse the rest at once: `harden(server, createPolicy())` of @mettle/runtime sets a limit per tool that adapts itself, `createLimit` one of your own. A caller that is told "busy" can come back; one that waits for a minute cannot.',
    expect: `of many calls of ${quoted(subject)} at once some are refused at once`,
  };
});
