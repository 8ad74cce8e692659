import { posix } from 'node:path';

/** A page of the site: menu, text, headings, neighbours. Works without JavaScript; with it there is a search. */
export function pageHtml(page, pages) {
  const to = (url) => posix.relative(posix.dirname(page.url), url) || posix.basename(url);
  const own = page.title === 'Mettle' ? 'Mettle' : `${page.title} · Mettle`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(own)}</title>
<meta name="description" content="${escaped(summaryOf(page))}">
<link rel="stylesheet" href="${to('assets/site.css')}">
<script>try { document.documentElement.dataset.theme = localStorage.getItem('mettle-theme') ?? ''; } catch {}</script>
</head>
<body data-root="${escaped(to('index.html').replace(/index\.html$/, ''))}">
<a class="skip" href="#content">Skip to the text</a>
<header class="bar">
<a class="name" href="${to('index.html')}">Mettle</a>
<div class="search" role="search" hidden>
<input type="search" id="search" placeholder="Search" aria-label="Search" aria-controls="results" autocomplete="off">
<kbd aria-hidden="true">/</kbd>
<div id="results" role="region" aria-label="Results of the search" aria-live="polite" hidden></div>
</div>
<button type="button" id="theme" hidden>Dark</button>
</header>
<div class="frame">
${menu(page, pages, to)}
<main id="content" tabindex="-1">
<article>
${page.html}
</article>
${neighbours(page, pages, to)}
</main>
${outline(page)}
</div>
<script src="${to('assets/site.js')}" defer></script>
</body>
</html>
`;
}

function menu(page, pages, to) {
  const groups = [...new Set(pages.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const mine = pages.filter((other) => other.group === group);
    const items = mine.map((other) => {
      const current = other === page ? ' aria-current="page"' : '';
      return `<li><a href="${to(other.url)}"${current}>${escaped(shortTitle(other))}</a></li>`;
    });
    const open =
      group === page.group || (page.url === 'index.html' && group === 'Failure modes') ? ' open' : '';
    return `<details${open}><summary>${group}</summary><ul>${items.join('')}</ul></details>`;
  });
  // On a narrow screen it is folded away as a whole: by a checkbox, so that it opens without JavaScript too.
  return `<nav class="menu-side" aria-label="Pages"><input type="checkbox" id="menu-open"><label for="menu-open">Menu</label>
<div class="menu">${sections.join('\n')}</div></nav>`;
}

function outline({ headings }) {
  const items = headings
    .filter(({ level }) => level === 2)
    .map(({ id, text }) => `<li><a href="#${id}">${escaped(text)}</a></li>`);
  if (items.length < 2) return '<div class="outline"></div>';
  return `<nav class="outline" aria-label="On this page"><p>On this page</p><ul>${items.join('')}</ul></nav>`;
}

function neighbours(page, pages, to) {
  const group = pages.filter((other) => other.group === page.group);
  const at = group.indexOf(page);
  const link = (other, rel, word) =>
    other === undefined
      ? ''
      : `<a rel="${rel}" href="${to(other.url)}"><span>${word}</span> ${escaped(shortTitle(other))}</a>`;
  return `<nav class="neighbours" aria-label="Neighbours">${link(group[at - 1], 'prev', 'Before')}${link(group[at + 1], 'next', 'Next')}</nav>`;
}

const MENU_CHARACTERS = 44;

/** A command is its own name in the menu; of a long title the part before a colon or comma is enough. */
function shortTitle({ title, url }) {
  if (url === 'runtime/index.html') return 'Overview';
  const [, command = null] = /`?(mettle [a-z]+)`?/.exec(title) ?? [];
  return command ?? (title.length <= MENU_CHARACTERS ? title : title.split(/[:,]/)[0]);
}

/** The first words of the text, for search engines and previews. */
function summaryOf({ sections }) {
  const text = sections[0]?.text ?? '';
  return text.length > 160 ? `${text.slice(0, text.lastIndexOf(' ', 157))} …` : text;
}

function escaped(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
