import type { Frame, SourceExcerpt, SourcesEvidence } from '../evidence/index.ts';
import type { SourceText } from './call-sites.ts';
import { applicationFrame, type Home } from './frames.ts';
import { AROUND, isSource, shortened } from './hot-lines.ts';

/** Places quoted at most: findings come in tens. */
const MOST_PLACES = 300;

/**
 * The excerpts with the lines around each stack's place in the server's own code, for every stack within `value`: so
 * that a report can show them where neither the original file nor the map is.
 */
export function quotePlaces(
  sources: SourcesEvidence,
  value: unknown,
  { home, sourceOf }: { readonly home: Home; readonly sourceOf: SourceText },
): SourcesEvidence {
  const files: Record<string, SourceExcerpt> = { ...sources.files };
  const seen = new Set<string>();
  const texts = new Map<string, readonly string[]>();
  forEachStack(value, (stack) => {
    const frame = applicationFrame(stack, home);
    if (frame === undefined || frame.line < 1 || !isSource(frame.file) || seen.size >= MOST_PLACES) return;
    const place = `${frame.file}:${frame.line}`;
    if (seen.has(place)) return;
    seen.add(place);
    const text = texts.get(frame.file) ?? sourceOf(frame.file)?.split(/\r?\n/) ?? [];
    texts.set(frame.file, text);
    if (text[frame.line - 1] === undefined) return;
    const { lines = {}, calls = [] } = files[frame.file] ?? {};
    const more: Record<string, string> = {};
    for (let line = Math.max(1, frame.line - AROUND); line <= frame.line + AROUND; line++) {
      const written = text[line - 1];
      if (written !== undefined) more[line] = shortened(written);
    }
    files[frame.file] = { lines: { ...lines, ...more }, calls };
  });
  return { ...sources, files };
}

function forEachStack(value: unknown, visit: (stack: readonly Frame[]) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value) as readonly (readonly [string, unknown])[]) {
    if (key === 'stack' && Array.isArray(inner)) visit(inner as readonly Frame[]);
    else forEachStack(inner, visit);
  }
}
