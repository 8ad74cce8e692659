/**
 * What the page gains where scripts run: a theme switch, copy buttons, sortable tables, and all of it
 * unfolded in print. Plain ES2020; no text of the page depends on it.
 */
export const CLIENT_SCRIPT = `(() => {
  'use strict';
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const said = document.getElementById('said');

  const theme = document.getElementById('theme');
  const themes = ['auto', 'light', 'dark'];
  const stored = () => { try { return localStorage.getItem('mettle-theme'); } catch { return null; } };
  const show = (name) => {
    if (name === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    theme.textContent = 'Theme: ' + name;
  };
  let chosen = themes.includes(stored()) ? stored() : 'auto';
  theme.addEventListener('click', () => {
    chosen = themes[(themes.indexOf(chosen) + 1) % themes.length];
    try { localStorage.setItem('mettle-theme', chosen); } catch { /* private window: the choice lasts as long as the page */ }
    show(chosen);
  });
  show(chosen);
  theme.hidden = false;

  const copy = async (code) => {
    try { await navigator.clipboard.writeText(code.textContent); return true; } catch {
      getSelection().selectAllChildren(code);
      return document.execCommand('copy');
    }
  };
  for (const button of all('button.copy')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const done = await copy(button.parentElement.querySelector('code'));
      button.textContent = done ? 'Copied' : 'Press Ctrl-C';
      said.textContent = done ? 'Command copied' : 'Command selected, press Control C';
      setTimeout(() => { button.textContent = 'Copy'; said.textContent = ''; }, 1600);
    });
  }

  const keyOf = (cell) => cell.dataset.sort === undefined ? cell.textContent.trim().toLowerCase() : Number(cell.dataset.sort);
  for (const table of all('table.sortable')) {
    const heads = all('thead th', table);
    heads.forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const figures = head.classList.contains('n');
        const now = head.getAttribute('aria-sort');
        const next = now === null ? (figures ? 'descending' : 'ascending') : now === 'descending' ? 'ascending' : 'descending';
        for (const other of heads) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', next);
        const sign = next === 'ascending' ? 1 : -1;
        const rows = all('tbody tr', table).sort((a, b) => {
          const left = keyOf(a.cells[column]), right = keyOf(b.cells[column]);
          return sign * (left < right ? -1 : left > right ? 1 : 0);
        });
        table.tBodies[0].append(...rows);
      });
    });
  }

  addEventListener('beforeprint', () => { for (const fold of all('details:not([open])')) { fold.open = true; fold.dataset.printed = ''; } });
  addEventListener('afterprint', () => { for (const fold of all('details[data-printed]')) { fold.open = false; delete fold.dataset.printed; } });
})();
`;

/** The script's SHA-256 in base64, by which the page's policy knows it. A test computes it anew. */
export const CLIENT_SCRIPT_SHA256 = 'TG2FRHo1l78uA9bQ4yYw0qm+VmGHSFSDxorYCHnGLnE=';
