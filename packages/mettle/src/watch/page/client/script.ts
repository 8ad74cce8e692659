import { ELEMENTS } from './elements.ts';
import { SERVER_DETAIL } from './server-detail.ts';
import { SERVER_ROW } from './server-row.ts';

/** The page as a whole: what is fetched when, and what happens while it is open. */
const LIVE = `
const MOST = 200;
const RANK = { down: 0, unauthorised: 1, unknown: 2, up: 3 };
const rows = new Map(), waiting = new Map();
const list = document.getElementById('servers'), live = document.getElementById('live'), more = document.getElementById('more');
const filter = document.getElementById('filter'), input = filter.querySelector('input');

function row(name) {
  const known = rows.get(name);
  if (known) return known;
  const summary = el('summary'), inner = el('div', { className: 'body' }), details = el('details', {}, summary, inner);
  const made = { item: el('li', {}, details), summary, inner, details, view: null };
  details.addEventListener('toggle', () => { if (details.open) open(name); });
  rows.set(name, made);
  return made;
}

function draw(view) {
  const it = row(view.name);
  it.view = view;
  it.item.className = view.status;
  it.summary.replaceChildren(...head(view));
}

async function open(name) {
  const it = rows.get(name);
  try { it.inner.replaceChildren(...body(await get('/api/servers/' + encodeURIComponent(name)))); } catch { if (!it.inner.firstChild) it.inner.textContent = 'The watcher does not answer.'; }
}

function place() {
  // Those that need somebody come first; whoever reads is not moved while a server is open.
  const shown = [...rows.values()].filter((it) => it.view), order = shown.toSorted((a, b) => RANK[a.view.status] - RANK[b.view.status]);
  const moves = order.some((it, i) => list.children[i] !== it.item);
  if (moves && (list.children.length !== order.length || !list.contains(document.activeElement))) list.replaceChildren(...order.map((it) => it.item));
}

async function summary() {
  const { servers, down, unauthorised, unknown, missed } = await get('/api/summary'), node = document.getElementById('summary'), lacking = document.getElementById('missed');
  const rest = [unauthorised ? unauthorised + (unauthorised === 1 ? ' asks' : ' ask') + ' for authorisation' : '', unknown ? unknown + ' not looked at yet' : ''].filter(Boolean).join(', ');
  const text = (down === 0 ? (servers === 1 ? 'One server, not down' : servers + ' servers, none down') : down + ' of ' + plural(servers, 'server') + ' down') + (rest ? '; ' + rest : '') + '.';
  // A screen reader tells what changed, not the same each minute.
  if (node.textContent !== text) node.textContent = text;
  node.className = down === 0 ? '' : 'bad';
  document.title = (down === 0 ? '' : '(' + down + ' down) ') + 'MCP servers';
  lacking.hidden = missed.slots === 0;
  lacking.textContent = missed.slots ? 'In the last hour ' + missedLooks(missed) + '.' : '';
  filter.hidden = servers <= 8;
  return servers;
}

async function incidents() {
  const all = await get('/api/incidents');
  document.getElementById('incidents').replaceChildren(...(all.length ? all.slice(0, 50).map((it) => el('li', {},
    el('span', { className: 'badge ' + (it.endedAtMs == null ? 'down' : 'up'), textContent: it.endedAtMs == null ? 'open' : it.kind === 'tools-changed' ? 'told' : 'over' }),
    el('b', { textContent: it.server + ': ' + it.kind }), el('p', { className: 'note', textContent: incidentTime(it) + ' · ' + it.sentence }))) : [el('li', { className: 'none', textContent: 'None.' })]));
}

async function all() {
  const wanted = input.value, views = await get('/api/servers?order=worst&limit=' + MOST + '&name=' + encodeURIComponent(wanted));
  if (input.value !== wanted) return;
  const names = new Set(views.map((view) => view.name));
  for (const [name, it] of rows) if (!names.has(name)) { it.item.remove(); rows.delete(name); }
  for (const view of views) { draw(view); heard(view); }
  place();
  const servers = await summary();
  more.hidden = views.length < MOST || servers <= MOST;
  more.textContent = 'The first ' + MOST + ' are shown, those that are down first: narrow by name.';
  await incidents();
}

// What comes within a moment is drawn together: ten thousand servers tell of themselves a hundred times a second.
let lastLookAt = null, timer = null, stale = false;
function heard(view) { if (view.lastLookAt != null) lastLookAt = Math.max(lastLookAt ?? 0, Date.parse(view.lastLookAt)); }
function soon() { timer ??= setTimeout(() => { timer = null; update().catch(() => {}); }, 250); }
async function update() {
  const views = [...waiting.values()];
  waiting.clear();
  let turned = false;
  for (const view of views) {
    const it = rows.get(view.name);
    if (!it) continue;
    turned ||= it.view?.status !== view.status;
    draw(view);
    if (it.details.open) open(view.name);
  }
  if (stale) { stale = false; await all(); }
  else if (turned) { place(); await Promise.all([summary(), incidents()]); }
}
const events = new EventSource('/api/events');
events.onmessage = (event) => {
  const view = JSON.parse(event.data);
  heard(view);
  if (rows.has(view.name)) waiting.set(view.name, view);
  // Not among those shown, yet it needs somebody.
  else if (view.status === 'down' && input.value === '') stale = true;
  else return;
  soon();
};
events.onopen = () => { state = 'Live'; tell(); all().catch(() => {}); };
events.onerror = () => { state = 'The watcher does not answer; what is shown is of before. Trying again'; tell(); };
let state = 'Waiting for the watcher';
function tell() { live.textContent = state + (state === 'Live' ? '; last look ' + (lastLookAt == null ? 'not yet' : span(lastLookAt, Date.now()) + ' ago') + '.' : ' …'); }
setInterval(tell, 1000);
let typing = null;
input.addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(() => all().catch(() => {}), 200); });
`;

/** The script of the status page. */
export const SCRIPT: string = ELEMENTS + SERVER_ROW + SERVER_DETAIL + LIVE;
