/** The line of a server: what is seen without opening it. */
export const SERVER_ROW: string = `
const HOUR = 3600000;
function bar(view) {
  const now = Math.floor(Date.now() / HOUR) * HOUR, known = new Map(view.hours.map((hour) => [hour.hourMs, hour])), lacking = new Map(view.missed.hours.map((hour) => [hour.hourMs, hour.slots]));
  const node = el('span', { className: 'bar' });
  node.setAttribute('role', 'img');
  node.setAttribute('aria-label', view.upShare == null ? 'not looked at yet' : 'up in ' + percent(view.upShare) + ' of the looks of the last 48 hours' + (view.missed.slots ? '; ' + missedLooks(view.missed) : ''));
  for (let i = 47; i >= 0; i--) {
    const at = now - i * HOUR, hour = known.get(at), missed = lacking.get(at), cell = el('i');
    if (hour) {
      cell.className = hour.up === hour.looks ? 'up' : hour.up === 0 ? 'down' : 'part';
      cell.title = time(hour.hourMs) + ': ' + hour.up + ' of ' + plural(hour.looks, 'look') + ' up, mean ' + ms(hour.meanMs) + ', longest ' + ms(hour.maxMs);
    }
    if (missed) {
      if (hour) cell.classList.add('missed');
      cell.title = (cell.title || time(at)) + (hour ? '; ' : ': ') + plural(missed, 'look') + ' not taken';
    }
    node.append(cell);
  }
  return node;
}

function head(view) {
  const overloaded = view.inside?.facts?.status === 'overloaded' ? 'says that it is overloaded' : '';
  const figures = [view.durationMs == null ? '' : ms(view.durationMs), view.upShare == null ? '' : percent(view.upShare) + ' up', view.missed.slots ? plural(view.missed.slots, 'look') + ' not taken' : ''];
  const down = view.since == null ? '' : 'Down since ' + time(view.since) + '. ';
  return [badge(view.status), el('span', { className: 'name', textContent: view.name }),
    el('span', { className: 'figures', textContent: [...figures, overloaded].filter(Boolean).join(' · ') }),
    el('span', { className: 'sentence', textContent: down + view.sentence }), bar(view)];
}
`;
