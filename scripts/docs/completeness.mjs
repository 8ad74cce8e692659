import { readFileSync } from 'node:fs';

const here = (path) => new URL(`../../${path}`, import.meta.url);

/** A sentence for each finding, check and primitive of the runtime without a page, and each finding that its check's page leaves out. */
export async function missingPages(pages, rendered) {
  const { detectors } = await import(here('packages/mettle/dist/run/index.js').href);
  const { CHECKS } = await import(here('packages/mettle/dist/index.js').href);
  const { exports } = JSON.parse(readFileSync(here('packages/runtime/package.json'), 'utf8'));
  const known = new Set(pages.map(({ file }) => file));
  const need = (file, what) => (known.has(file) ? [] : [`${what} has no page: ${file}`]);
  const leftOut = detectors.flatMap(({ id, check }) => {
    const page = rendered.find(({ file }) => file === `docs/failure-modes/${check}.md`);
    return page === undefined || page.html.includes(`findings/${id}.html`)
      ? []
      : [`docs/failure-modes/${check}.md does not name ${id}`];
  });
  const primitives = Object.keys(exports)
    .map((entry) => entry.slice(2))
    // The worker's half of offload is told with it; `.` is harden.
    .map((name) => ({ '': 'harden', worker: 'offload' })[name] ?? name)
    .filter((name) => !name.endsWith('.json'));
  return [
    ...detectors.flatMap(({ id }) => need(`docs/findings/${id}.md`, `The finding ${id}`)),
    ...CHECKS.flatMap((check) => need(`docs/failure-modes/${check}.md`, `The check ${check}`)),
    ...leftOut,
    ...primitives.flatMap((name) => need(`docs/guide/runtime-${name}.md`, `@mettle/runtime/${name}`)),
  ];
}
