import { clip } from '../printable.ts';
import { html, type Html } from './template.ts';

const CHARACTERS = 400;

/** How one object holds the next. */
interface Box {
  /** `entry`, `element`; null where a name says it. */
  readonly by: string | null;
  readonly what: string;
  /** As its owner calls it. */
  readonly name: string | null;
  /** Where a function or a class stands. */
  readonly place: string | null;
}

/** The retaining path as boxes from the root down to what is kept, each with what the one before holds it by. */
export function pathDiagram(steps: readonly string[]): Html {
  const boxes = steps.map(boxOf);
  return html`<ol class="path-steps">
    ${boxes.map(
      ({ by, what, name, place }, i) =>
        html`<li class="${i === 0 ? 'root' : i === boxes.length - 1 ? 'kept' : 'between'}">
          ${i === 0 ? null : html`<span class="holds">${by ?? 'holds'}</span>`}
          <span class="box"
            ><code>${clip(what, CHARACTERS)}</code
            >${name === null ? null : html` <b>${clip(name, CHARACTERS)}</b>`}${
              place === null ? null : html` <small class="path">${clip(place, CHARACTERS)}</small>`
            }</span
          >
        </li>`,
    )}
  </ol>`;
}

/** `entry Map "sessions"`, `closure onClose (dist/sessions.js:12:5)`, `module dist/sessions.js`. */
function boxOf(step: string): Box {
  const module = /^module (.+)$/.exec(step)?.[1];
  if (module !== undefined) return { by: null, what: 'module', name: module, place: null };
  const [, by = null, rest = ''] = /^(?:(entry|element)\b ?)?(.*)$/s.exec(step) ?? [];
  const place = / \(([^()]+:\d+:\d+)\)$/.exec(rest)?.[1] ?? null;
  const bare = place === null ? rest : rest.slice(0, rest.length - place.length - 3);
  const name = / "([^"]+)"$/.exec(bare)?.[1] ?? null;
  const what = name === null ? bare : bare.slice(0, bare.length - name.length - 3);
  return { by, what: what === '' ? 'Object' : what, name, place };
}
