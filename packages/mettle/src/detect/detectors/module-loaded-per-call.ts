import type { Detector } from '../../evidence/index.ts';
import { causeDetector } from '../cause-finding.ts';

/** A module that is loaded anew in every call. */
export const moduleLoadedPerCall: Detector = causeDetector({
  id: 'module-loaded-per-call',
  doing: ({ whats }) => `loading modules with ${whats[0] ?? 'require'}`,
  fix: () =>
    'Load it once: `import rules from "./rules.js"` at the top of the module, or, when it is needed seldom, `const load = () => (loaded ??= import("./rules.js"))`. Do not clear `require.cache`, and do not import with a changing query (`import(`${url}?${n}`)`): each such copy also stays in memory for good. What may change while the server runs belongs in a data file that is read when it changed. A worker thread would not help: it would load the module as well.',
});
