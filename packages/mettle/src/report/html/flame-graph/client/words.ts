import type { App, Model, View } from './app.ts';

/** Milliseconds as people read them. */
export function formatUs(us: number): string {
  const ms = us / 1000;
  if (ms >= 10000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`;
}

/** A share of a whole in per cent. */
export function formatShare(us: number, ofUs: number): string {
  const percent = ofUs > 0 ? (us / ofUs) * 100 : 0;
  return `${percent > 0 && percent < 0.1 ? '<0.1' : percent.toFixed(1)} %`;
}

/** `file:line` of a frame; '' where it has no file. */
export function placeOf(model: Model, frame: number): string {
  const file = model.frames.file[frame] as string;
  const line = model.frames.line[frame] as number;
  return file !== '' && line > 0 ? `${file}:${line}` : file;
}

/** What stands in a frame's box: its name, and of one without a name its place, without the folders. */
export function labelOf(model: Model, frame: number): string {
  const name = model.frames.name[frame] as string;
  const file = model.frames.file[frame] as string;
  return name === '(anonymous)' && file !== ''
    ? `${name} ${file.slice(file.lastIndexOf('/') + 1)}:${model.frames.line[frame]}`
    : name;
}

/** What a node is, in lines: name, place and owner, times. The same text is shown and read out. */
export function describeNode(app: App, node: number): { name: string; place: string; times: string } {
  const { model, view } = app;
  const frame = view.frame[node] as number;
  const owner = model.owners[model.frames.owner[frame] as number];
  const total = view.totalUs[node] as number;
  const all = view.totalUs[0] as number;
  const inverted = app.settings.inverted && node > 0;
  // Bottom-up, a node below the first level is a caller: its share of the time at the bottom.
  const callee = inverted ? bottomOf(view, node) : node;
  const times = inverted
    ? callee === node
      ? `self ${formatUs(total)} (${formatShare(total, all)})`
      : `calls ${model.frames.name[view.frame[callee] as number]} for ${formatUs(total)} (${formatShare(total, view.totalUs[callee] as number)} of it)`
    : `total ${formatUs(total)} (${formatShare(total, all)}) · self ${formatUs(view.selfUs[node] as number)} (${formatShare(view.selfUs[node] as number, all)})`;
  const place = placeOf(model, frame);
  const kind = owner?.kind === 'subject' || owner?.kind === 'engine' ? '' : (owner?.name ?? '');
  return {
    name: model.frames.name[frame] as string,
    place: [place, kind].filter((text) => text !== '').join(' · '),
    times,
  };
}

/** The node's ancestor on the first level. */
export function bottomOf(view: View, node: number): number {
  let at = node;
  while ((view.depth[at] as number) > 1) at = view.parent[at] as number;
  return at;
}
