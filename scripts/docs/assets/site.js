/* The search and the button for light and dark. The pages read as well without. */
(() => {
  const root = document.body.dataset.root;
  const byId = (id) => document.getElementById(id);

  const button = byId('theme');
  const wish = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === 'dark' : wish.matches;
  };
  const label = () => {
    button.textContent = isDark() ? 'Light' : 'Dark';
  };
  button.hidden = false;
  label();
  wish.addEventListener('change', label);
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    try {
      localStorage.setItem('mettle-theme', document.documentElement.dataset.theme);
    } catch {
      // Not kept then: a page opened from disk may have no storage.
    }
    label();
  });

  const input = byId('search');
  const results = byId('results');
  let index = null;
  document.querySelector('.search').hidden = false;

  const script = (file) =>
    new Promise((resolve, reject) => {
      const element = document.createElement('script');
      element.src = `${root}assets/${file}`;
      element.addEventListener('load', resolve);
      element.addEventListener('error', reject);
      document.head.append(element);
    });

  const load = async () => {
    await Promise.all([script('minisearch.js'), script('search-data.js')]);
    const made = new window.MiniSearch({
      fields: ['title', 'heading', 'text'],
      storeFields: ['url', 'title', 'heading', 'text'],
      searchOptions: {
        boost: { title: 4, heading: 2 },
        prefix: true,
        combineWith: 'AND',
        // A page before its parts.
        boostDocument: (_id, _term, { heading }) => (heading === '' ? 1.5 : 1),
        fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      },
    });
    made.addAll(window.mettleDocs);
    return made;
  };

  const show = async () => {
    const asked = input.value.trim();
    if (asked === '') {
      results.hidden = true;
      return;
    }
    index ??= load();
    const found = (await index).search(asked).slice(0, 12);
    if (input.value.trim() !== asked) return;
    results.replaceChildren(...(found.length === 0 ? [nothing(asked)] : found.map(item)));
    results.hidden = false;
  };

  const nothing = (asked) => {
    const line = document.createElement('p');
    line.textContent = `Nothing about “${asked}”.`;
    return line;
  };

  const item = ({ url, title, heading, text, terms }) => {
    const link = document.createElement('a');
    link.href = root + url;
    link.textContent = heading === '' ? title : `${title}: ${heading}`;
    const line = document.createElement('span');
    line.append(...excerpt(text, terms));
    link.append(line);
    return link;
  };

  /** Some words around the first that was found, which is marked. */
  const excerpt = (text, terms) => {
    const lower = text.toLowerCase();
    const [at, term] = terms
      .map((each) => [lower.indexOf(each), each])
      .filter(([place]) => place !== -1)
      .sort((a, b) => a[0] - b[0])[0] ?? [0, ''];
    const from = Math.max(0, at - 50);
    const marked = document.createElement('mark');
    marked.textContent = text.slice(at, at + term.length);
    return [
      (from > 0 ? '… ' : '') + text.slice(from, at),
      ...(term === '' ? [] : [marked]),
      text.slice(at + term.length, at + 90),
    ];
  };

  for (const name of ['input', 'focus']) input.addEventListener(name, () => void show());
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      input.focus();
    } else if (event.key === 'Escape') {
      results.hidden = true;
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      move(event);
    }
  });
  document.addEventListener('click', (event) => {
    if (!event.target.closest('.search')) results.hidden = true;
  });

  /** Down and up through input and results, as in a list. */
  const move = (event) => {
    if (results.hidden || !event.target.closest('.search')) return;
    const stops = [input, ...results.querySelectorAll('a')];
    const next = stops[stops.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1)];
    if (next !== undefined) {
      event.preventDefault();
      next.focus();
    }
  };
})();
