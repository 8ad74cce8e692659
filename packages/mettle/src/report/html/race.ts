import { matrixOf } from '../../derive/race/index.ts';
import type { Bundle, RaceEvidence } from '../../evidence/index.ts';
import { formatMs } from '../figures.ts';
import { clip } from '../printable.ts';
import { CELLS, legendOf, racySentence, undecidedReasons } from '../race-words.ts';
import { dataTable, scrolling } from './tables.ts';
import { html, type Html } from './template.ts';

/** Names and reasons come from the target. */
const CHARACTERS = 300;
const MOST_PAIRS = 300;

/** What was tried of which calls at once: the matrix tool × tool, the pairs, the crowds; null when nothing was raced. */
export function raceSection({ evidence: { race } }: Bundle): Html | null {
  // Of one schedule that was shown again the notes tell.
  if (race === undefined || race.trials === 1) return null;
  return html`<section id="races">
    <h2>Races</h2>
    <p class="lead">${racySentence(race)} Tried: ${race.coverage}.</p>
    ${matrix(race)} ${undecided(race)} ${crowds(race)} ${pairs(race)}
  </section>`;
}

function matrix(race: RaceEvidence): Html | null {
  const { subjects, rows } = matrixOf(race);
  if (subjects.length === 0) return null;
  const body = rows.map((cells, i) => {
    const marks = cells.map((cell, k) => {
      const { mark, says } = CELLS[cell];
      const pair = `${subjects[i] ?? ''} × ${subjects[k] ?? ''}: ${says}`;
      return html`<td class="${cell}" title="${pair}">
        <span class="unseen">${says}</span><span aria-hidden="true">${mark}</span>
      </td>`;
    });
    return html`<tr>
      <th scope="row">${i + 1}<code>${clip(subjects[i] ?? '', CHARACTERS)}</code></th>
      ${marks}
    </tr>`;
  });
  return html`${scrolling(
    'Matrix of pairs',
    html`<table class="matrix">
      <caption>
        Each tool beside each, gravest schedule: ${legendOf(race)}
      </caption>
      <thead>
        <tr>
          <th scope="col"><span class="unseen">Tool</span></th>
          ${subjects.map((subject, i) => html`<th scope="col" title="${subject}">${i + 1}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>`,
  )}`;
}

function undecided(race: RaceEvidence): Html | null {
  const reasons = undecidedReasons(race);
  return reasons.length === 0
    ? null
    : html`<p class="note">
        Not decided: ${reasons.map((why) => html`<span class="names">${clip(why, CHARACTERS)}</span>`)}
      </p>`;
}

function crowds({ scaling }: RaceEvidence): Html | null {
  if (scaling.length === 0) return null;
  const rows = scaling.flatMap(({ subject, rows: sizes }) =>
    sizes.map((row) => [
      subject,
      row.calls,
      row.overlap,
      formatMs(row.virtualMs),
      formatMs(row.longestSynchronousCpuMs),
      row.peakSockets,
      row.peakFiles,
      row.peakThreadPoolJobs,
      row.errors,
      clip(row.crash ?? row.status, CHARACTERS),
    ]),
  );
  return html`<h3>More and more calls at once</h3>
    <p class="note">
      Under control: time is virtual, and work under way, sockets, files and jobs are counted, so that no
      other process of the machine has a part in it.
    </p>
    ${dataTable(
      'One row per number of calls',
      [
        'Tool',
        'Calls',
        'Under way',
        'Virtual time',
        'Longest on the thread',
        'Sockets',
        'Files',
        'Pool jobs',
        'Errors',
        'End',
      ],
      rows,
    )}`;
}

function pairs({ pairs: all }: RaceEvidence): Html | null {
  if (all.length === 0) return null;
  const rows = all
    .slice(0, MOST_PAIRS)
    .map(({ subjects, connections, trials, badTrials, completeBound, worst, undecided: why }) => [
      subjects.join(' × '),
      connections > 1 ? `${connections} sessions` : 'one session',
      trials,
      badTrials,
      completeBound === null ? 'cut short' : `all with at most ${completeBound}`,
      clip(why ?? worst ?? 'nothing found', CHARACTERS),
    ]);
  return html`<details>
    <summary>All ${all.length} sets of calls in figures</summary>
    ${dataTable('Sets of calls', ['Calls', 'Over', 'Schedules', 'Bad', 'Preemptions', 'Verdict'], rows)}
    ${all.length > MOST_PAIRS ? html`<p class="note">${all.length - MOST_PAIRS} more in the bundle.</p>` : null}
  </details>`;
}
