import { homeOf } from '../../../derive/frames.ts';
import type { Bundle } from '../../../evidence/index.ts';
import { html } from '../template.ts';
import { renderFlameGraph, type FlameGraph } from './render.ts';

/** The bundle's profile as a section of the page; null when nothing was profiled, or nothing but idle time. */
export function flameGraphSection(bundle: Bundle): FlameGraph | null {
  const { cpuProfile, blocking, target } = bundle.evidence;
  if (cpuProfile === undefined) return null;
  const graph = renderFlameGraph(cpuProfile, {
    ...(target === undefined ? {} : { home: homeOf(target) }),
    blocks: blocking?.stretches ?? [],
  });
  if (graph === null) return null;
  const lead =
    'Where the main thread was, by tool: sampled time, so waiting for a core counts and idle time does not. Below each frame stands what it called; the wider, the longer.';
  return {
    ...graph,
    markup: html`<section id="profile">
      <h2>Flame graph</h2>
      <p class="lead">${lead}</p>
      ${graph.markup}
    </section>`,
  };
}
