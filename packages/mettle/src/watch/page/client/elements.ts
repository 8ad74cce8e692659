/** Small parts of the page's script: elements, times, figures. Plain text is all that is ever put into the page. */
export const ELEMENTS: string = `
const el = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.filter((child) => child != null));
  return node;
};
const SVG = 'http://www.w3.org/2000/svg';
const svg = (tag, attributes, ...children) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};
const ms = (value) => value == null ? '' : value < 1000 ? Math.round(value) + ' ms' : (value / 1000).toFixed(1) + ' s';
const mib = (value) => (value / 1048576).toFixed(value < 104857600 ? 1 : 0) + ' MiB';
const percent = (share) => (share * 100).toFixed(share > 0.9995 && share < 1 ? 3 : 2) + ' %';
const time = (value) => value == null ? '' : new Date(value).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
const clock = (value) => new Date(value).toLocaleTimeString([], { timeStyle: 'short' });
const span = (fromMs, toMs) => {
  const s = Math.max(0, Math.round((toMs - fromMs) / 1000));
  if (s < 60) return s + ' s';
  if (s < 3600) return Math.floor(s / 60) + ' min';
  if (s < 172800) return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
  return Math.floor(s / 86400) + ' days';
};
const plural = (count, noun) => count + ' ' + noun + (count === 1 ? '' : 's');
// Of the looks that were due and not taken nothing is known: neither up nor down.
const WHY = { 'long-look': 'the look before lasted too long', overload: 'the watcher had no time for them', 'redis-away': 'Redis did not answer', 'not-kept': 'they could not be kept',
  'cut-short': 'a watcher was ended in the middle', absent: 'no watcher was running', unexplained: 'it is not known why' };
const missedLooks = ({ slots, reasons }) => {
  const parts = Object.entries(reasons).map(([reason, count]) => (count === slots ? '' : count + ' because ') + (WHY[reason] ?? reason));
  return plural(slots, 'look') + ' not taken: ' + parts.join(', ');
};
const table = (pairs) => el('table', {}, el('tbody', {}, ...pairs.map(([name, value]) =>
  el('tr', {}, el('th', { scope: 'row', textContent: name }), el('td', { textContent: value })))));
const badge = (status) => el('span', { className: 'badge ' + status, textContent: status });
const get = async (path) => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(path + ': HTTP ' + response.status);
  return response.json();
};
`;
