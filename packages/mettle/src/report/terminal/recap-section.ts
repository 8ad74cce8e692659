import { plural } from '../figures.ts';
import { pad, printable, shortenRight } from '../printable.ts';
import type { RootCause } from '../root-causes.ts';
import { formatLocation } from '../source-paths.ts';
import { severityPaint, type Page } from './finding-block.ts';

/** So many lines say it at a glance; the findings themselves are above. */
const MOST = 10;
/** As wide as CRITICAL. */
const SEVERITY_COLUMNS = 8;

/** The places to mend, a line each: a long report ends where the eye is, and its findings are a screen above. */
export function recapSection(causes: readonly RootCause[], { width, ink, folder }: Page): string[] {
  // A single one is still on the screen.
  if (causes.length < 2) return [];
  const lines = causes.slice(0, MOST).map(({ main }, i) => {
    const { location } = main;
    // The line is enough to go there; a column costs what the path may need.
    const place =
      location === undefined
        ? ''
        : `, ${formatLocation({ file: location.file, line: location.line }, folder)}`;
    const what = `${printable(main.tool ?? 'the whole server')}: ${main.id}${place}`;
    const lead = `  ${pad(`${i + 1}.`, 3)} ${pad(main.severity.toUpperCase(), SEVERITY_COLUMNS)} `;
    const word = severityPaint(main.severity, ink)(pad(main.severity.toUpperCase(), SEVERITY_COLUMNS));
    return `  ${pad(`${i + 1}.`, 3)} ${word} ${shortenRight(what, width - lead.length)}`;
  });
  const more = causes.length - MOST;
  return [
    ink.bold('To be mended'),
    ...lines,
    ...(more > 0 ? [ink.dim(`  … ${plural(more, 'more place')} above`)] : []),
  ];
}
