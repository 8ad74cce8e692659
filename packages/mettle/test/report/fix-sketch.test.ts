import { expect, test } from 'vitest';
import { fixSketch } from '../../src/report/fix-sketch.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { bundle, finding, found, result } from './builders.ts';

const PAGE = `# hash-on-main-thread

## Fix

\`\`\`js
const hash = pbkdf2Sync(password); // before: the server stands still
done();
\`\`\`

\`\`\`js
const hash = await promisify(pbkdf2)(password); // after
done();
\`\`\`

## Verify

\`\`\`bash
npx mettle check
\`\`\`
`;

test('the example of a page is a diff of what it marks as before and after', () => {
  expect(fixSketch('hash', () => PAGE)).toEqual([
    { sign: '-', text: 'const hash = pbkdf2Sync(password); // the server stands still' },
    { sign: ' ', text: 'done();' },
    { sign: '+', text: 'const hash = await promisify(pbkdf2)(password);' },
    { sign: '+', text: 'done();' },
  ]);
});

test('a diff is taken as it stands, and commands are neither put in nor taken out', () => {
  const fix =
    '```diff\n const rows = await read();\n-keep(rows);\n+keep(rows.length);\n```\n\n```bash\nnpx mettle check\n```\n';
  expect(fixSketch('x', () => `## Fix\n\n${fix}`)).toEqual([
    { sign: ' ', text: 'const rows = await read();' },
    { sign: '-', text: 'keep(rows);' },
    { sign: '+', text: 'keep(rows.length);' },
    { sign: ' ', text: 'npx mettle check' },
  ]);
});

test('an example without marks is put in; a page without code, or none, shows nothing', () => {
  expect(fixSketch('x', () => '## Fix\n\n```js\nawait exclusive(key, save);\n```\n')).toEqual([
    { sign: '+', text: 'await exclusive(key, save);' },
  ]);
  expect(fixSketch('x', () => '## Fix\n\nThink again.\n')).toEqual([]);
  expect(fixSketch('x', () => null)).toEqual([]);
});

test('the report shows it below the source, in words for those who do not see signs', () => {
  const sick = finding();
  const page = renderHtml(result({ findings: [sick] }, { cpu: found(sick) }), bundle(), {
    readPage: () => PAGE,
  });
  expect(page).toMatch(/class="out">[^]*?removed: [^]*?pbkdf2Sync\(password\)/);
  expect(page).toMatch(/class="in">[^]*?added: [^]*?await promisify/);
});
