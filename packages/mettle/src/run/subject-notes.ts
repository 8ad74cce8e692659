/** What is to be said of one tool or method. */
export interface SubjectNote {
  readonly subject: string;
  readonly says: string;
}

/** Names in a sentence that is said of many: a server may have five hundred tools. */
const MOST_NAMES = 5;

/** A sentence for each thing that is said, with all whom it is said of. */
export function subjectNotes(notes: readonly SubjectNote[]): string[] {
  const bySaying = new Map<string, string[]>();
  for (const { subject, says } of notes) {
    const names = bySaying.get(says);
    if (names === undefined) bySaying.set(says, [subject]);
    else names.push(subject);
  }
  return [...bySaying].map(([says, names]) => {
    const more = names.length > MOST_NAMES ? names.length - MOST_NAMES + 1 : 0;
    const shown = more === 0 ? names : names.slice(0, MOST_NAMES - 1);
    return `${shown.join(', ')}${more === 0 ? '' : ` and ${more} more`}: ${says}`;
  });
}
