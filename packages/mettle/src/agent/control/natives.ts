/*
 * What the agent itself uses while the target's own calls of it are held: taken before anything is wrapped.
 */

export const native: {
  readonly setTimeout: typeof setTimeout;
  readonly clearTimeout: typeof clearTimeout;
  readonly setInterval: typeof setInterval;
  readonly setImmediate: typeof setImmediate;
  readonly clearImmediate: typeof clearImmediate;
  readonly Date: DateConstructor;
  readonly performanceNow: () => number;
  readonly hrtime: typeof process.hrtime;
  readonly nextTick: typeof process.nextTick;
  readonly activeResources: () => readonly string[];
  readonly parse: typeof JSON.parse;
} = {
  setTimeout,
  clearTimeout,
  setInterval,
  setImmediate,
  clearImmediate,
  Date,
  performanceNow: performance.now.bind(performance),
  hrtime: process.hrtime,
  nextTick: process.nextTick,
  activeResources: process.getActiveResourcesInfo.bind(process),
  parse: JSON.parse,
};
