import { buildCallTree, type CallTree, type CallTreeOptions } from '../../../derive/call-tree.ts';
import { functionTimes, type FunctionTime } from '../../../derive/profile-bottom-up.ts';
import type { ProfileFrame } from '../../../derive/profile-frames.ts';
import type { CpuProfileEvidence } from '../../../evidence/index.ts';
import { formatDuration, formatMs } from '../../figures.ts';
import { html, scriptJson, type Html } from '../template.ts';
import { packProfile, type Block, type PackedProfile } from './pack.ts';
import { flameGraphScript } from './script.ts';
import { sha256Base64 } from './sha256.ts';
import { FLAME_GRAPH_STYLES } from './styles.ts';

export interface FlameGraphOptions extends CallTreeOptions {
  /** Stops of the event loop, drawn over time above the graph. */
  readonly blocks?: readonly Block[];
}

/** A flame graph as parts of a page. */
export interface FlameGraph {
  /** The markup with the data in it; without scripts a table of the costliest functions. */
  readonly markup: Html;
  /** For the page's style sheet, once. */
  readonly styles: string;
  /** For the end of the body, once however many graphs there are. */
  readonly script: string;
  /** By which a Content-Security-Policy knows the script: `'sha256-…'`. */
  readonly scriptSha256: string;
}

/** So many functions stand in the table: beyond them the graph and its search are quicker. */
const ROWS = 25;

/** The profile as a flame graph; null when nothing but idle time was sampled. */
export function renderFlameGraph(
  evidence: CpuProfileEvidence,
  options: FlameGraphOptions = {},
): FlameGraph | null {
  const tree = buildCallTree(evidence, options);
  if ((tree.totalUs[0] ?? 0) === 0) return null;
  const packed = packProfile(tree, options.blocks);
  const script = flameGraphScript();
  return {
    markup: graph(tree, packed),
    styles: FLAME_GRAPH_STYLES,
    script,
    scriptSha256: sha256Base64(script),
  };
}

function graph(tree: CallTree, packed: PackedProfile): Html {
  return html`<div class="flame">
    <div class="flame-live-part" hidden>
      ${strip(packed)}
      <div class="flame-controls">
        <label class="flame-tool"
          >Tool
          <select class="flame-subject">
            <option value="-1">all</option>
            ${packed.subjects.map(({ name }, i) => html`<option value="${i}">${name}</option>`)}
          </select></label
        >
        <label class="flame-find"
          >Find
          <input
            class="flame-search"
            type="search"
            placeholder="text or /regex/"
            spellcheck="false"
            autocomplete="off"
            aria-keyshortcuts="/"
        /></label>
        <label><input type="checkbox" name="inverted" /> Bottom-up</label>
        <label title="Their time goes to whoever called them"
          ><input type="checkbox" name="hideModules" /> Hide node_modules</label
        >
        <label title="Node's own JavaScript and native functions: their time goes to whoever called them"
          ><input type="checkbox" name="hideInternals" /> Hide Node internals</label
        >
        <span class="flame-found" role="status"></span>
      </div>
      <div class="flame-trail">
        <ol class="flame-crumbs" aria-label="Zoomed to"></ol>
        <button type="button" class="flame-reset">Reset zoom</button>
      </div>
      <div class="flame-scroller">
        <div class="flame-spacer"></div>
        <canvas
          class="flame-canvas"
          tabindex="0"
          role="application"
          aria-roledescription="flame graph"
          aria-label="Flame graph of main-thread time. Arrow keys: up to the caller, down to the costliest callee, left and right to siblings. Enter zooms, Escape shows all, slash finds. The same figures stand in the table below."
        ></canvas>
      </div>
      <p class="flame-status"></p>
      <ul class="flame-legend" aria-label="Whose code: share of time; press to mark it"></ul>
      <div class="flame-tooltip" aria-hidden="true" hidden></div>
      <div class="flame-live" role="status" aria-live="polite"></div>
    </div>
    ${table(tree)}
    <script type="application/json" class="flame-data">
      ${scriptJson(packed)}
    </script>
  </div>`;
}

function strip({ blocks }: PackedProfile): Html | null {
  if (blocks.length === 0) return null;
  const longest = formatMs(blocks.reduce((most, [, , length]) => Math.max(most, length), 0) / 10);
  const endMs = blocks.reduce((end, [, start, length]) => Math.max(end, start + length), 0) / 10;
  const words = `${blocks.length === 1 ? 'The event loop was blocked once' : `The event loop was blocked ${blocks.length} times`}, at longest ${longest}`;
  return html`<p class="flame-strip-title">${words}. Click a block for its tool.</p>
    <canvas
      class="flame-strip"
      tabindex="0"
      role="application"
      aria-roledescription="timeline of blocks"
      aria-label="${words}. Arrow keys: left and right to the block before and after, up and down to the next longer and shorter. Enter shows the tool that blocked alone, Escape all."
    ></canvas>
    <p class="flame-axis" aria-hidden="true"><span>0 s</span><span>${formatDuration(endMs)}</span></p>`;
}

function table(tree: CallTree): Html {
  const all = tree.totalUs[0] ?? 0;
  return html`<details class="flame-fold">
    <summary>Costliest functions as a table</summary>
    <div class="flame-wide">
      <table class="flame-table">
        <thead>
          <tr>
            <th scope="col">Function</th>
            <th scope="col" class="n">Self</th>
            <th scope="col" class="n">Self %</th>
            <th scope="col" class="n">Total %</th>
            <th scope="col">Place</th>
            <th scope="col">Package</th>
          </tr>
        </thead>
        <tbody class="flame-rows">
          ${functionTimes(tree, 0, ROWS).map((time) => row(time, all))}
        </tbody>
      </table>
    </div>
  </details>`;
}

function row({ frame, selfUs, totalUs }: FunctionTime, all: number): Html {
  const share = (us: number): string => `${((us / all) * 100).toFixed(1)} %`;
  return html`<tr>
    <th scope="row">${frame.name}</th>
    <td class="n">${formatMs(selfUs / 1000)}</td>
    <td class="n">${share(selfUs)}</td>
    <td class="n">${share(totalUs)}</td>
    <td class="flame-place">${place(frame)}</td>
    <td>${frame.owner}</td>
  </tr>`;
}

function place(frame: ProfileFrame): string {
  return frame.file !== '' && frame.line > 0 ? `${frame.file}:${frame.line}` : frame.file;
}
