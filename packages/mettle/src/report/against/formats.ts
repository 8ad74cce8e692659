import type { Surroundings } from '../html/findings.ts';
import { renderAgainstHtml } from '../html/against.ts';
import type { Changes } from './changes.ts';
import { renderAgainstJson, renderAgainstMarkdown, renderAgainstTerminal } from './text.ts';
import type { AgainstOptions } from './text.ts';

type Render = (changes: Changes, options: AgainstOptions & Surroundings) => string;

/** The formats that two runs beside each other are written in. */
export const againstFormats: ReadonlyMap<string, Render> = new Map<string, Render>([
  ['terminal', renderAgainstTerminal],
  ['html', renderAgainstHtml],
  ['md', renderAgainstMarkdown],
  ['json', renderAgainstJson],
]);
