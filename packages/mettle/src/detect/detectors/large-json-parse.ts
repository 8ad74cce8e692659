import { packageOf } from '../../derive/frames.ts';
import type { Detector } from '../../evidence/index.ts';
import { causeDetector } from '../cause-finding.ts';

/** A call that parses so much JSON on the main thread that others feel it. */
export const largeJsonParse: Detector = causeDetector({
  id: 'large-json-parse',
  bySource: true,
  doing: () => 'parsing JSON',
  fix: ({ location }) =>
    location !== undefined && packageOf(location.file) !== null
      ? 'The text comes in whole and is parsed by the library: ask for less at a time (a page, a filter, a range), so that a call parses only what it needs. A worker thread would not help: handing the parsed object back is copied at about the cost of parsing it.'
      : 'Parse it once and keep the result while the text is the same (`const data = JSON.parse(text)` at the top of the module, or a cache by file and mtime), or ask for less of it: a page, an index, a line of JSON per record read with `readline`. A worker thread helps only when it also does the looking-up and sends back a small answer (`offload` of @mettle/runtime): handing over the whole object is copied at about the cost of parsing it.',
});
