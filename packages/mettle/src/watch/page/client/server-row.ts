/** The line of a server: what is seen without opening it. */
export const SERVER_ROW: string = `
const HOUR = 3600000;
function bar(view) {
  const now = Math.floor(Date.now() / HOUR) * HOUR, known = new Map(view.hours.map((hour) => [hour.hourMs, hour]));
  const node = el('span', { className: 'bar' });
  node.setAttribute('role', 'img');
  node.setAttribute('aria-label', view.upShare == null ? 'not looked at yet' : 'up in ' + percent(view.upShare) + ' of the looks of the last 48 hours');
  for (let i = 47; i >= 0; i--) {
    const hour = known.get(now - i * HOUR), cell = el('i');
    if (hour) {
      cell.className = hour.up === hour.looks ? 'up' : hour.up === 0 ? 'down' : 'part';
      cell.title = time(hour.hourMs) + ': ' + hour.up + ' of ' + plural(hour.looks, 'look') + ' up, mean ' + ms(hour.meanMs) + ', longest ' + ms(hour.maxMs);
    }
    node.append(cell);
  }
  return node;
}

function head(view) {
  const overloaded = view.inside?.facts?.status === 'overloaded' ? 'says that it is overloaded' : '';
  const figures = [view.durationMs == null ? '' : ms(view.durationMs), view.upShare == null ? '' : percent(view.upShare) + ' up'];
  const down = view.since == null ? '' : 'Down since ' + time(view.since) + '. ';
  return [badge(view.status), el('span', { className: 'name', textContent: view.name }),
    el('span', { className: 'figures', textContent: [...figures, overloaded].filter(Boolean).join(' · ') }),
    el('span', { className: 'sentence', textContent: down + view.sentence }), bar(view)];
}
`;
