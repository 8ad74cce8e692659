import type { Bundle, Finding, Result, Severity } from '../evidence/index.ts';
import { printable } from './printable.ts';
import { isOnDisk, relativePath, topOf } from './source-paths.ts';

const COMMANDS: Readonly<Record<Severity, 'error' | 'warning' | 'notice'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'notice',
};

/**
 * Workflow commands of GitHub Actions: an annotation per finding, at its line in the pull request. Paths are from the top of
 * the `repository` where the server is a package of it, else from the folder in which it was started.
 */
export function renderGithub(
  result: Result,
  bundle: Bundle,
  { repository }: { readonly repository?: string | undefined } = {},
): string {
  const folder = topOf(bundle.evidence.target?.cwd, repository);
  const failed = Object.entries(result.checks).flatMap(([check, verdict]) =>
    verdict.status === 'failed'
      ? [`::error title=${property(`Mettle: ${check} failed`)}::${data(verdict.error.message)}`]
      : [],
  );
  return [...result.findings.map((finding) => annotation(finding, folder)), ...failed, '']
    .filter((line, i, all) => line !== '' || i === all.length - 1)
    .join('\n');
}

function annotation({ id, severity, tool, title, fix, verify, location }: Finding, folder?: string): string {
  const place =
    location !== undefined && isOnDisk(location.file)
      ? [
          `file=${property(relativePath(location.file, folder))}`,
          ...(location.line > 0 ? [`line=${location.line}`] : []),
          ...(location.column !== undefined && location.column > 0 ? [`col=${location.column}`] : []),
        ]
      : [];
  const head = [...place, `title=${property(tool === undefined ? id : `${id} in ${tool}`)}`].join(',');
  const text = [title, `Fix: ${fix}`, `Verify: ${verify.command}`].map(data).join('%0A');
  return `::${COMMANDS[severity]} ${head}::${text}`;
}

/** As @actions/core escapes what stands after the second pair of colons. */
function data(text: string): string {
  return printable(text).replaceAll('%', '%25');
}

/** As it escapes a property's value. */
function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
