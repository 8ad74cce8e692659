/** The pattern that tries every way of splitting the words before it gives up. */
const AMBIGUOUS = /^(\w+\s?)*$/;

/** A title that costs the ambiguous pattern at least 40 ms of CPU on this machine: each further letter doubles it. */
export function hardTitle() {
  let title = 'Quarterlyreport2026';
  // V8 compiles a pattern only once it was used: the first tries take ten times as long.
  for (let tries = 0; tries < 3; tries++) cpuMs(title);
  while (cpuMs(title) < 40) title += 'x';
  return `${title}!`;
}

function cpuMs(title) {
  const before = process.cpuUsage();
  AMBIGUOUS.test(`${title}!`);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
