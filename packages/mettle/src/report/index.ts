import type { Bundle, Result } from '../evidence/index.ts';
import { renderHtml } from './html/page.ts';
import { renderJson } from './json.ts';
import { renderTerminal, type TerminalOptions } from './terminal.ts';

export { renderHtml, renderJson };
export { profileFiles } from './profiles/files.ts';

/** A way to write a result down. Pure: the same result and options give the same text. */
export interface Format {
  /** One clause for the help text. */
  readonly describes: string;
  /** Of the file that it is saved as, with the dot. */
  readonly extension: string;
  render(result: Result, bundle: Bundle, options: TerminalOptions): string;
}

/** Every format, by the name that `--format` takes. */
export const formats: Readonly<Record<'terminal' | 'json' | 'html', Format>> = {
  terminal: { describes: 'for a person at a terminal', extension: '.txt', render: renderTerminal },
  json: {
    describes: 'the whole result for programs',
    extension: '.json',
    render: (result) => renderJson(result),
  },
  html: {
    describes: 'one page with pictures, for a browser, offline',
    extension: '.html',
    render: renderHtml,
  },
};
export type FormatName = keyof typeof formats;
