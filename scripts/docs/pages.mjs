import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Pages outside docs/, and those whose address is not that of their file. */
const ELSEWHERE = {
  'packages/runtime/README.md': 'runtime/index.html',
  'examples/README.md': 'examples/index.html',
  'action/README.md': 'action/index.html',
  'bench/comparison/README.md': 'comparison-servers.html',
  'docs/ARCHITECTURE.md': 'architecture.html',
  'CONTRIBUTING.md': 'contributing.html',
  'CHANGELOG.md': 'changelog.html',
};

/** The groups of the menu, in order; a page is in the first whose test it passes. Within a group: as told, then by name. */
const GROUPS = [
  {
    title: 'Begin',
    has: (file) => /^docs\/(index\.md|tutorial(\/|\.md)|guide\/(tutorial|init)\.md)/.test(file),
    first: [
      'docs/index.md',
      'docs/tutorial.md',
      'docs/guide/tutorial.md',
      'docs/tutorial/index.md',
      'docs/tutorial/README.md',
    ],
  },
  {
    title: 'Failure modes',
    has: (file) => file.startsWith('docs/failure-modes/'),
    first: ['cpu', 'latency', 'leak', 'serialisation', 'race', 'overload', 'protocol', 'regression'].map(
      (name) => `docs/failure-modes/${name}.md`,
    ),
  },
  {
    title: 'Runtime',
    has: (file) => file === 'packages/runtime/README.md' || file.startsWith('docs/guide/runtime-'),
    first: ['packages/runtime/README.md', 'docs/guide/runtime-harden.md'],
  },
  {
    title: 'Guides',
    has: (file) => file.startsWith('docs/guide/') || file === 'action/README.md',
    first: [
      'kind-of-slow',
      'bench',
      'bench-comparison',
      'leak',
      'leak-in-tests',
      'leak-snapshots',
      'race',
      'race-in-tests',
      'attach',
      'probe',
      'watch',
      'record',
      'mcp',
    ].map((name) => `docs/guide/${name}.md`),
  },
  { title: 'Findings', has: (file) => file.startsWith('docs/findings/'), first: ['docs/findings/index.md'] },
  {
    title: 'Background',
    has: (file) => !file.startsWith('docs/decisions/'),
    first: ['docs/comparison.md', 'bench/comparison/README.md', 'examples/README.md', 'docs/ARCHITECTURE.md'],
  },
  { title: 'Decisions', has: () => true, first: ['docs/decisions/index.md'] },
];

/** A folder that is linked to gets a page that lists what is in it. */
const LISTED = {
  'docs/findings/index.md':
    '# Findings\n\nEach names a failing state: how it is decided, its cause, its fix, and a command that passes once it is mended.\n',
  'docs/decisions/index.md': '# Decisions\n\nWhat was decided, why, and what it costs.\n',
};

/** Every page: its file within the repository, its address, its text, and its group of the menu; in the menu's order. */
export function collectPages(root) {
  const found = readdirSync(join(root, 'docs'), { recursive: true })
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.md') && !file.startsWith('docs/.'));
  const others = Object.keys(ELSEWHERE).filter((file) => existsSync(join(root, file)));
  const files = [...new Set([...found, ...others, ...Object.keys(LISTED)])];
  const pages = files.map((file) => ({
    file,
    url: ELSEWHERE[file] ?? file.replace(/^docs\//, '').replace(/\.md$/, '.html'),
    text: existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : listing(file, found, root),
    group: GROUPS.findIndex((group) => group.has(file)),
  }));
  const rank = ({ file, group }) => {
    const at = GROUPS[group].first.indexOf(file);
    return at === -1 ? GROUPS[group].first.length : at;
  };
  return pages
    .toSorted((a, b) => a.group - b.group || rank(a) - rank(b) || (a.file < b.file ? -1 : 1))
    .map((page) => ({ ...page, group: GROUPS[page.group].title }));
}

function listing(index, found, root) {
  const folder = index.slice(0, index.lastIndexOf('/') + 1);
  const items = found
    .filter((file) => file.startsWith(folder) && file !== index)
    .toSorted()
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const title = /^# (.+)$/m.exec(text)?.[1] ?? file;
      // Findings begin with what one sees.
      const [, symptom = ''] = /^\*\*Symptom\.\*\* ([\s\S]+?)\n\n/m.exec(text) ?? [];
      return `- [${title}](${file.slice(folder.length)})${symptom === '' ? '' : `: ${symptom.replaceAll('\n', ' ')}`}`;
    });
  return `${LISTED[index]}\n${items.join('\n')}\n`;
}
