/** `from`, `to`: two places or parties. `old`, `new`: what is there, and what is to stand in its stead. */
export type Role = 'from' | 'to' | 'old' | 'new';

const WORDS: Readonly<Record<Role, readonly string[]>> = {
  from: ['source', 'src', 'from', 'sender', 'payer', 'debit', 'first', 'left'],
  to: [
    'destination',
    'dest',
    'dst',
    'target',
    'to',
    'recipient',
    'receiver',
    'payee',
    'credit',
    'second',
    'right',
  ],
  old: ['old', 'original', 'search', 'find'],
  new: ['new', 'updated', 'replace', 'replacement', 'with'],
};
const PARTNER: Readonly<Record<Role, Role>> = { from: 'to', to: 'from', old: 'new', new: 'old' };
/** Words that say neither what it is nor what becomes of it, but that it is a place. */
const PLACE = ['path', 'file', 'filename', 'filepath', 'name', 'dir', 'directory', 'folder', 'uri'];

/** What a member of an object is to another member of it; null where there is no partner. */
export function roleOf(key: string, siblings: readonly string[]): Role | null {
  const others = siblings.filter((name) => name !== key);
  const has = (name: string, role: Role): boolean => wordsOf(name).some((word) => WORDS[role].includes(word));
  const roles = Object.keys(WORDS) as Role[];
  return (
    roles.find((role) => has(key, role) && others.some((name) => has(name, PARTNER[role]))) ??
    roleOfTwin(key, others)
  );
}

/** The last character of `accountA`, `user_1`, and of their twins. */
const TWINS: Readonly<Record<string, string>> = { '1': '2', a: 'b', A: 'B', x: 'y', X: 'Y' };

/** `accountA` and `accountB`: two of a kind, between which something may go. */
function roleOfTwin(key: string, others: readonly string[]): Role | null {
  const stem = key.slice(0, -1);
  for (const [one, other] of Object.entries(TWINS)) {
    if (key.endsWith(one) && others.includes(stem + other)) return 'from';
    if (key.endsWith(other) && others.includes(stem + one)) return 'to';
  }
  return null;
}

/** `source`, `to`, `oldPath`, `new_name`: nothing in the name says that it is a text. */
export function mayNameAPlace(key: string): boolean {
  const known = [...Object.values(WORDS).flat(), ...PLACE];
  return wordsOf(key).every((word) => known.includes(word));
}

/** `oldText`, `old_text` and `OldText` are all "old" and "text". */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}
