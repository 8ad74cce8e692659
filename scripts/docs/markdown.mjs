import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import highlight from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import diff from 'highlight.js/lib/languages/diff';
import ini from 'highlight.js/lib/languages/ini';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import MarkdownIt from 'markdown-it';

const LANGUAGES = { bash, diff, ini, javascript, json, typescript, xml, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) highlight.registerLanguage(name, language);
highlight.registerAliases(['jsonc', 'json5'], { languageName: 'json' });

const markdown = new MarkdownIt({
  html: false,
  linkify: false,
  highlight: (code, language) =>
    language !== '' && highlight.getLanguage(language) !== undefined
      ? highlight.highlight(code, { language, ignoreIllegals: true }).value
      : '',
});

/**
 * The pages as HTML with title, headings and searchable sections; the files of the repository that they show (pictures);
 * and a sentence for each link that leads nowhere, to a page or within one.
 */
export function renderPages(pages, root) {
  const parsed = pages.map((page) => ({ ...page, ...parse(page) }));
  const byFile = new Map(parsed.map((page) => [page.file, page]));
  const files = new Set();
  const dead = [];
  const rendered = parsed.map((page) => {
    const tokens = everyToken(page.tokens);
    for (const [i, token] of tokens.entries()) {
      const fault = relink(token, page, { byFile, files, root });
      if (fault === FOLDER) {
        // Nothing to open: its name is told as it stands.
        for (const end of [token, tokens.find((other, j) => j > i && other.type === 'link_close')])
          Object.assign(end, { tag: 'span', attrs: null });
      } else if (fault !== null) dead.push(`${page.file}: ${fault}`);
    }
    const html = markdown.renderer.render(page.tokens, markdown.options, {});
    return { ...page, html: scrollable(html) };
  });
  return { rendered, files: [...files], dead };
}

const FOLDER = 'a folder without a page';

/** Wide tables and code scroll by themselves, by keyboard too. */
function scrollable(html) {
  let tables = 0;
  return html
    .replaceAll('<th></th>', '<td></td>')
    .replaceAll(
      '<table>',
      () => `<div class="table" tabindex="0" role="region" aria-label="Table ${++tables}"><table>`,
    )
    .replaceAll('</table>', '</table></div>')
    .replaceAll('<pre>', '<pre tabindex="0">');
}

function parse(page) {
  const tokens = markdown.parse(page.text, {});
  const used = new Map();
  const headings = [];
  for (const [i, token] of tokens.entries()) {
    if (token.type !== 'heading_open') continue;
    const text = textOf(tokens[i + 1]);
    const base = slugOf(text);
    const times = used.get(base) ?? 0;
    used.set(base, times + 1);
    const id = times === 0 ? base : `${base}-${times}`;
    token.attrSet('id', id);
    headings.push({ id, text, level: Number(token.tag.slice(1)), at: i });
  }
  const title = headings.find(({ level }) => level === 1)?.text ?? page.file;
  return { tokens, headings, title, sections: sectionsOf(page, tokens, headings, title) };
}

/** What the search finds: the text under each heading. */
function sectionsOf(page, tokens, headings, title) {
  return headings.map((heading, i) => {
    const end = headings[i + 1]?.at ?? tokens.length;
    const text = tokens
      .slice(heading.at + 3, end)
      .filter((token) => token.type === 'inline' || token.type === 'fence')
      .map((token) => (token.type === 'fence' ? token.content : textOf(token)))
      .join(' ')
      .replaceAll(/\s+/g, ' ');
    return {
      id: `${page.url}#${heading.id}`,
      url: heading.level === 1 ? page.url : `${page.url}#${heading.id}`,
      title,
      heading: heading.level === 1 ? '' : heading.text,
      text,
    };
  });
}

function textOf(inline) {
  return (inline.children ?? [])
    .map((token) => (token.type === 'text' || token.type === 'code_inline' ? token.content : ' '))
    .join('');
}

/** As GitHub makes the anchors of headings, so that links hold there and here. */
function slugOf(text) {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');
}

function everyToken(tokens) {
  return tokens.flatMap((token) => [token, ...(token.children === null ? [] : everyToken(token.children))]);
}

/** Points a link or picture at its page or file; returns what is wrong with it, or null. */
function relink(token, page, { byFile, files, root }) {
  const name = token.type === 'image' ? 'src' : token.type === 'link_open' ? 'href' : null;
  if (name === null) return null;
  const link = token.attrGet(name);
  if (/^[a-z]+:/i.test(link)) return null;
  const [path = '', fragment = ''] = link.split('#');
  const file =
    path === '' ? page.file : posix.normalize(posix.join(posix.dirname(page.file), decodeURI(path)));
  const other =
    byFile.get(file) ?? byFile.get(`${file.replace(/\/$/, '')}/index.md`) ?? byFile.get(`${file}/README.md`);
  if (other !== undefined && token.type !== 'image') {
    if (fragment !== '' && !other.headings.some(({ id }) => id === fragment))
      return `${link}: ${other.file} has no heading "${fragment}"`;
    const to = other === page ? '' : posix.relative(posix.dirname(page.url), other.url);
    token.attrSet(name, `${to}${fragment === '' ? '' : `#${fragment}`}` || posix.basename(page.url));
    return null;
  }
  if (!existsSync(join(root, file))) return `${link} leads nowhere`;
  if (statSync(join(root, file)).isDirectory()) return FOLDER;
  // Pictures and sources come along: the site says nothing that it cannot show.
  files.add(file);
  token.attrSet(name, posix.relative(posix.dirname(page.url), `files/${file}`));
  if (token.type === 'image') token.attrSet('loading', 'lazy');
  return null;
}
