import { packageOf } from '../../derive/frames.ts';
import type { Detector } from '../../evidence/index.ts';
import { causeDetector } from '../cause-finding.ts';

/** A call that writes so much JSON on the main thread that others feel it. */
export const largeJsonStringify: Detector = causeDetector({
  id: 'large-json-stringify',
  bySource: true,
  doing: () => 'writing JSON',
  fix: ({ location }) =>
    location !== undefined && packageOf(location.file) !== null
      ? 'The answer itself is large: return a page with a cursor, a summary, or a resource link (`{ type: "resource_link", uri }`) that the client reads when it needs it. A worker thread would not help: the library writes the message on the main thread all the same.'
      : 'Write the text once and keep it while the data is the same (`let text; const asJson = () => (text ??= JSON.stringify(data))`), or write less: a page, the fields that are asked for. A worker thread would not help: the object is copied to it at about the cost of writing it.',
});
