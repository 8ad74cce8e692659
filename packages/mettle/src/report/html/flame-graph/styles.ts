/**
 * How the flame graph looks. It takes the page's colours (`--paper`, `--ink`, `--muted` or `--soft`, `--line`,
 * `--accent`) and has its own where the page has none. The canvas reads what they come to from the computed
 * `color`, `background-color`, `border-color`, `outline-color` and `column-rule-color` of `.flame`.
 */
export const FLAME_GRAPH_STYLES: string = `
.flame{position:relative;color:var(--ink,light-dark(#1e1c19,#ece8e0));background:var(--paper,light-dark(#fcfbf8,#161514));
border:0 solid var(--line,light-dark(#e2ddd3,#36322d));outline:0 solid var(--accent,light-dark(#1c5d86,#82bde6));column-rule:0 none var(--muted,var(--soft,light-dark(#67625a,#a49d92)));
--flame-soft:var(--muted,var(--soft,light-dark(#67625a,#a49d92)));--flame-edge:var(--strong-line,light-dark(#bdb6a8,#5a544b));--flame-accent:var(--accent,light-dark(#1c5d86,#82bde6));--flame-raised:var(--raised,light-dark(#f4f1ea,#1f1d1b));
--flame-mono:var(--mono,ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace);font-size:.9rem}
.flame *{box-sizing:border-box}
.flame [hidden]{display:none}
.flame-strip{display:block;width:100%;height:3rem;cursor:pointer}
.flame-strip-title{color:var(--flame-soft);font-size:.8rem;margin:0 0 .2rem}
.flame-controls{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem;margin:1rem 0 .6rem}
.flame-controls label{display:inline-flex;align-items:center;gap:.4rem;min-height:1.9rem;white-space:nowrap}
.flame-controls select,.flame-controls input[type=search]{font:inherit;color:inherit;background:transparent;border:1px solid var(--flame-edge);border-radius:.3rem;padding:.25rem .5rem;min-height:1.9rem;max-width:16rem}
.flame-controls option{color:CanvasText;background:Canvas}
.flame-controls input[type=search]{flex:1 1 9rem;width:15rem}
.flame-controls input[type=checkbox]{accent-color:var(--flame-accent);width:1rem;height:1rem;margin:0}
.flame-find{flex:0 1 auto}
.flame-found{color:var(--flame-soft);font-size:.85rem;font-variant-numeric:tabular-nums}
.flame-crumbs{list-style:none;display:flex;align-items:center;margin:0;padding:0;min-height:1.9rem;flex:1 1 auto;min-width:0;overflow-x:auto;scrollbar-width:none}
.flame-crumbs li{display:inline-flex;align-items:center;flex:none;max-width:18rem}
.flame-crumbs li:not(:last-child)::after{content:"›";color:var(--flame-soft);margin:0 .35rem}
.flame-crumbs button,.flame-legend button{font:inherit;font-size:.82rem;color:inherit;background:none;border:0;padding:.15rem .1rem;cursor:pointer;border-radius:.2rem}
.flame-crumbs button{font-family:var(--flame-mono);overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--flame-accent)}
.flame-crumbs button[aria-current]{color:inherit;font-weight:600}
.flame-trail{display:flex;align-items:flex-start;gap:1rem;margin-bottom:.4rem}
.flame-reset{flex:none;font:inherit;font-size:.82rem;color:inherit;background:none;border:1px solid var(--flame-edge);border-radius:.3rem;padding:.2rem .6rem;min-height:1.9rem;cursor:pointer}
.flame-reset:disabled{opacity:.45;cursor:default}
.flame-scroller{position:relative;overflow:hidden auto;height:min(34rem,70vh,var(--flame-content,34rem));border-block:1px solid var(--flame-edge);overscroll-behavior-y:auto;font-family:var(--flame-mono)}
.flame-spacer{position:absolute;top:0;left:0;width:1px;height:var(--flame-content);pointer-events:none}
.flame-axis{display:flex;justify-content:space-between;color:var(--flame-soft);font-size:.75rem;margin:.1rem 0 0;font-variant-numeric:tabular-nums}
.flame-canvas{position:sticky;top:0;display:block;width:100%;height:100%;touch-action:pan-y;cursor:default;font-family:var(--flame-mono)}
.flame-canvas:focus-visible,.flame-strip:focus-visible{outline:2px solid var(--flame-accent);outline-offset:-2px}
.flame-status{min-height:2.6em;margin:.4rem 0 0;font-size:.85rem;color:var(--flame-soft);overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.flame-status b{color:var(--ink,light-dark(#1e1c19,#ece8e0));font-family:var(--flame-mono);font-weight:600}
.flame-tooltip{position:absolute;top:0;left:0;z-index:3;max-width:min(30rem,90%);padding:.45rem .65rem;background:var(--flame-raised);border:1px solid var(--flame-edge);border-radius:.3rem;font-size:.8rem;line-height:1.45;pointer-events:none;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.flame-tooltip>*{display:block}
.flame-tooltip b{font-family:var(--flame-mono);display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:4;overflow:hidden}
.flame-legend{list-style:none;display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;margin:.6rem 0 1rem;padding:0}
.flame-legend button{display:inline-flex;align-items:center;gap:.4rem;min-height:1.7rem}
.flame-legend button:hover,.flame-crumbs button:hover{text-decoration:underline;text-underline-offset:.2em}
.flame-legend button[aria-pressed=true]{font-weight:600;text-decoration:underline;text-decoration-thickness:2px;text-underline-offset:.25em}
.flame-legend i{width:.85rem;height:.85rem;border-radius:.15rem;flex:none}
.flame-legend-more{align-self:center;color:var(--flame-soft);font-size:.82rem}
.flame-legend small{color:var(--flame-soft);font-variant-numeric:tabular-nums;font-size:1em;font-weight:400}
.flame-table{width:100%;border-collapse:collapse;font-size:.85rem}
.flame-table :is(th,td){text-align:left;padding:.3rem .9rem .3rem 0;vertical-align:top;font-weight:400}
.flame-table tbody th{font-family:var(--flame-mono);overflow-wrap:anywhere;min-width:9rem}
.flame-table :is(th,td).n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.flame-table .flame-place{overflow-wrap:anywhere;min-width:16rem}
.flame-wide{overflow-x:auto}
.flame-live{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:40rem){
.flame-controls{gap:.3rem 1rem}
.flame-controls label{min-height:2.4rem}
.flame-find,.flame-tool,.flame-found{flex:1 1 100%}.flame-found{min-height:1.4em}.flame-controls .flame-tool select,.flame-controls .flame-find input{flex:1;width:auto;max-width:none;min-height:2.4rem;font-size:1rem}
.flame-legend button,.flame-crumbs button{min-height:2.2rem}
.flame-scroller{height:min(60vh,var(--flame-content,34rem))}
.flame-crumbs li{max-width:11rem}
}
@media print{.flame-live-part{display:none}}
`;
