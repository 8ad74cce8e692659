/* Colours as those of the reports: paper and ink, and colour for what must be seen. Text is 4.5:1 and more in both themes. */
const COLOURS = `
:root { color-scheme: light dark;
  --paper: light-dark(#fcfbf8, #161514); --raised: light-dark(#fff, #1f1d1b); --ink: light-dark(#1e1c19, #ece8e0);
  --soft: light-dark(#625d55, #a9a297); --line: light-dark(#e2ddd3, #36322d); --none: light-dark(#e6e1d7, #35312c);
  --accent: light-dark(#1c5d86, #82bde6); --up: light-dark(#2b6a3b, #8bcf99); --part: light-dark(#8a6100, #e6c65e);
  --down: light-dark(#a81e1a, #ff8f85); --up-fill: light-dark(#4c9a5f, #4f9a62); --part-fill: light-dark(#dba425, #c99a2e);
  --down-fill: light-dark(#c9352f, #d8574e);
  --spawn: light-dark(#55606e, #b3bcc8); --dns: light-dark(#8a3a78, #e09ad0); --connect: light-dark(#9a5b13, #e0a55c);
  --tls: light-dark(#7a7200, #d8d06a); --http: light-dark(#1c5d86, #82bde6); --handshake: light-dark(#5b52a8, #aaa2f0);
  --list: light-dark(#2f7d6b, #7fcfbb); --call: light-dark(#b0447a, #f09cc0); }
`;

const FRAME = `
* { box-sizing: border-box; }
body { background: var(--paper); color: var(--ink); font: 400 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; margin: 0 auto; max-width: 64rem; overflow-wrap: anywhere; padding: 0 clamp(.75rem, 4vw, 2rem) 3rem; }
h1, h2, h3 { font-family: Charter, "Bitstream Charter", Cambria, Georgia, "Noto Serif", serif; font-weight: 600; line-height: 1.2; margin: 0; }
h1 { font-size: clamp(1.7rem, 5vw, 2.3rem); } h2 { font-size: 1.35rem; } h3 { font-size: 1.05rem; margin: 1.25rem 0 .4rem; }
header { padding: clamp(1.25rem, 4vw, 2.5rem) 0 1rem; } header p { margin: .35rem 0 0; }
#summary { font-size: 1.15rem; } #summary.bad { color: var(--down); font-weight: 600; }
section { margin-top: 1.75rem; } ul, ol { list-style: none; margin: .75rem 0 0; padding: 0; }
.note { color: var(--soft); font-size: .875rem; margin: .35rem 0 0; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.over { align-items: baseline; display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; justify-content: space-between; }
.key { display: flex; flex-wrap: wrap; gap: 0 .75rem; margin: 0; }
.key i { background: var(--none); border-radius: 2px; display: inline-block; height: .7rem; margin-right: .15rem; width: .7rem; }
input { background: var(--raised); border: 1px solid var(--soft); border-radius: .4rem; color: inherit; font: inherit; padding: .3rem .6rem; width: 14rem; max-width: 100%; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
@media (prefers-reduced-motion: no-preference) { .bar i { transition: background-color .3s; } }
`;

const SERVERS = `
#servers > li { background: var(--raised); border: 1px solid var(--line); border-radius: .6rem; margin-top: .6rem; }
#servers > li.down { border-color: var(--down-fill); }
summary { align-items: baseline; border-radius: .6rem; cursor: pointer; display: grid; gap: .15rem .75rem; grid-template-columns: auto minmax(0, 1fr) auto; list-style: none; padding: .7rem .9rem .8rem; }
summary::-webkit-details-marker { display: none; }
summary .name { font-weight: 600; } summary .name::after { color: var(--soft); content: " ▸"; font-weight: 400; } details[open] summary .name::after { content: " ▾"; }
summary .figures { color: var(--soft); font-size: .875rem; text-align: right; } summary .sentence { color: var(--soft); font-size: .875rem; grid-column: 1 / -1; }
.badge { border: 1px solid currentColor; border-radius: 1rem; color: var(--part); font-size: .78rem; font-weight: 600; line-height: 1.35; padding: 0 .55rem; white-space: nowrap; }
.badge::before { background: currentColor; border-radius: 50%; content: ""; display: inline-block; height: .5rem; margin-right: .35rem; width: .5rem; }
.badge.up { color: var(--up); } .badge.down { background: var(--down-fill); border-color: var(--down-fill); color: #fff; } .badge.unknown { color: var(--soft); }
@media (prefers-color-scheme: dark) { .badge.down { background: var(--down); border-color: var(--down); color: #161514; } }
.bar { display: flex; gap: 2px; grid-column: 1 / -1; height: 1.4rem; margin-top: .35rem; } .bar i { background: var(--none); border-radius: 2px; flex: 1; min-width: 0; }
i.up { background: var(--up-fill) !important; } i.part { background: var(--part-fill) !important; } i.down { background: var(--down-fill) !important; }
i.missed { position: relative; } i.missed::after { background: var(--none); border-radius: 2px 2px 0 0; content: ""; inset: 0 0 55%; position: absolute; }
.body { border-top: 1px solid var(--line); padding: .25rem .9rem 1rem; }
@media (max-width: 34rem) { .bar { gap: 1px; } summary { grid-template-columns: auto minmax(0, 1fr); } summary .figures { grid-column: 1 / -1; text-align: left; } }
`;

const DETAILS = `
figure { margin: 0; } figcaption { color: var(--soft); font-size: .875rem; }
.plot { border-bottom: 1px solid var(--line); display: block; height: 9rem; margin-top: .4rem; width: 100%; }
.ends { color: var(--soft); display: flex; font-size: .8rem; justify-content: space-between; }
.legend { display: flex; flex-wrap: wrap; font-size: .85rem; gap: .15rem 1rem; margin: .5rem 0 0; } .legend i { border-radius: 2px; display: inline-block; height: .7rem; margin-right: .35rem; width: .7rem; }
.spawn { background: var(--spawn); fill: var(--spawn); } .dns { background: var(--dns); fill: var(--dns); } .connect { background: var(--connect); fill: var(--connect); }
.tls { background: var(--tls); fill: var(--tls); } .http { background: var(--http); fill: var(--http); } .handshake { background: var(--handshake); fill: var(--handshake); }
.list { background: var(--list); fill: var(--list); } .call { background: var(--call); fill: var(--call); } rect.failed { fill: var(--down-fill); }
.inside { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); } .inside figure { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .7rem; }
.inside b { display: block; font-size: 1.1rem; font-weight: 600; } .inside svg { display: block; height: 2.5rem; width: 100%; } .inside polyline { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; }
table { border-collapse: collapse; font-size: .875rem; width: 100%; } th, td { border-top: 1px solid var(--line); padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top; }
tr:first-child > * { border-top: 0; } th { color: var(--soft); font-weight: 400; width: 11rem; } @media (max-width: 34rem) { th { width: 7.5rem; } }
.change { border-top: 1px solid var(--line); font-size: .875rem; padding: .5rem 0; } .change p { margin: 0; }
.change pre { font: .82rem/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace; margin: .3rem 0 0; max-height: 14rem; overflow: auto; padding: .3rem .6rem; white-space: pre-wrap; }
del, ins { text-decoration: none; } .was { background: light-dark(#a81e1a14, #ff8f851f); } .is { background: light-dark(#2b6a3b17, #8bcf991f); }
.was del { background: light-dark(#a81e1a33, #ff8f8547); } .is ins { background: light-dark(#2b6a3b33, #8bcf9947); }
#incidents > li { border-top: 1px solid var(--line); display: grid; gap: 0 .75rem; grid-template-columns: auto minmax(0, 1fr); align-items: baseline; padding: .6rem 0; }
#incidents > li:first-child { border-top: 0; } #incidents .note { grid-column: 2; margin: 0; } #incidents .none { display: block; }
`;

/** The style sheet of the status page. */
export const STYLES: string = COLOURS + FRAME + SERVERS + DETAILS;
