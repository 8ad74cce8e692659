import { PICTURE_STYLES } from './picture-styles.ts';

/*
 * Paper and ink. Colour is kept for what a reader must see: severity, and the one accent of links and
 * measured lines. Text contrast is at least 4.5:1 in both themes.
 */
const COLOURS = `
:root{color-scheme:light dark;
--paper:light-dark(#fcfbf8,#161514);--raised:light-dark(#f4f1ea,#1f1d1b);--ink:light-dark(#1e1c19,#ece8e0);
--soft:light-dark(#67625a,#a49d92);--line:light-dark(#e2ddd3,#36322d);--strong-line:light-dark(#bdb6a8,#5a544b);
--accent:light-dark(#1c5d86,#82bde6);--accent-wash:light-dark(#1c5d8633,#82bde640);
--second:light-dark(#9a5b13,#e0a55c);--second-wash:light-dark(#9a5b132e,#e0a55c38);
--critical:light-dark(#a81e1a,#ff8f85);--high:light-dark(#a8480a,#ffac69);--medium:light-dark(#7a5f00,#e6c65e);--low:light-dark(#5a6270,#aab2bd);--clear:light-dark(#2b6a3b,#8bcf99);
--c0:var(--accent);--c1:var(--second);--c2:light-dark(#3d7a4c,#8bcf99);--c3:light-dark(#8a3a78,#e09ad0);--c4:light-dark(#55606e,#b3bcc8);--c5:light-dark(#a81e1a,#ff8f85);
--serif:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,"Noto Serif",serif;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif;
--mono:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"Cascadia Mono","DejaVu Sans Mono","Liberation Mono",monospace}
:root[data-theme=light]{color-scheme:light}
:root[data-theme=dark]{color-scheme:dark}
`;

const TEXT = `
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:4rem;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);font:400 1rem/1.55 var(--sans);font-variant-numeric:tabular-nums;overflow-wrap:break-word}
.page{max-width:76rem;margin:0 auto;padding:0 clamp(1rem,4vw,3.5rem)}
h1,h2,h3{font-family:var(--serif);font-weight:600;line-height:1.2;text-wrap:balance;margin:0}
h1{font-size:clamp(2rem,5vw,3.1rem);letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.55rem;letter-spacing:-.005em}
h3{font-size:1.4rem;text-wrap:pretty;overflow-wrap:anywhere}
p{margin:0}
a{color:var(--accent);text-underline-offset:.18em;text-decoration-thickness:1px}
code,.path,.stack-lines,.transcript-lines,.source,.path-steps{font-family:var(--mono);font-size:.86em}
code{overflow-wrap:anywhere}
small{font-size:.8em;color:var(--soft);font-weight:400}
button{font:inherit;font-size:.8rem;color:inherit;background:var(--paper);border:1px solid var(--strong-line);border-radius:.3rem;padding:.15rem .6rem;cursor:pointer}
button:hover{border-color:var(--ink)}
button[hidden]{display:none}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
main:focus{outline:none}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999rem;top:0;background:var(--paper);padding:.5rem 1rem;z-index:2}
.skip:focus{left:0}
.note{color:var(--soft);font-size:.85rem}
.lead{color:var(--soft);max-width:46rem;margin:.5rem 0 1.5rem}
summary{cursor:pointer}
details>summary{color:var(--soft);font-size:.9rem;padding:.25rem 0}
`;

const FRAME = `
.masthead{padding:1.25rem 0 2rem}
.bar{display:flex;justify-content:space-between;align-items:center;min-height:2rem;color:var(--soft);font-size:.85rem;margin-bottom:clamp(1.5rem,4vw,3rem)}
.headline{font-family:var(--serif);font-size:clamp(1.1rem,2.2vw,1.35rem);line-height:1.45;margin:.75rem 0 1rem;max-width:48rem;text-wrap:balance}
.facts{list-style:none;display:flex;flex-wrap:wrap;padding:0;margin:0 0 1.25rem;color:var(--soft);font-size:.9rem}
.facts li:not(:last-child)::after{content:"·";margin:0 .6em}
.command{display:flex;align-items:flex-start;gap:.75rem;background:var(--raised);border-radius:.35rem;padding:.55rem .75rem}
.command code{flex:1;min-width:0;padding:.1rem 0}
.command code span{display:inline-block;max-width:100%}
.masthead .command{max-width:48rem}
.masthead .command code::before,.remedy .command code::before{content:"$ ";color:var(--soft)}
nav{position:sticky;top:0;z-index:1;background:var(--paper);border-block:1px solid var(--line);margin-inline:calc(-1*clamp(1rem,4vw,3.5rem));padding-inline:clamp(1rem,4vw,3.5rem)}
nav ul{display:flex;gap:clamp(1rem,3vw,2rem);overflow-x:auto;list-style:none;margin:0;padding:.65rem 0;font-size:.9rem;scrollbar-width:none}
nav a{color:var(--soft);text-decoration:none;white-space:nowrap}
nav a:hover{color:var(--ink)}
section{padding:2.75rem 0 0}
section>h2{margin-bottom:1rem}
footer{border-top:1px solid var(--line);margin-top:4rem;padding:1.25rem 0 3rem;color:var(--soft);font-size:.85rem}
`;

const TABLES = `
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;color:var(--soft);font-size:.85rem;padding-bottom:.5rem}
th,td{text-align:left;font-weight:400;padding:.4rem .75rem .4rem 0;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;color:var(--soft);font-size:.82rem;white-space:nowrap;vertical-align:bottom}
tbody th{overflow-wrap:anywhere;min-width:9.5rem}
.n{text-align:right;padding-right:0;padding-left:1rem;white-space:nowrap}
.n+:not(.n){padding-left:1rem}
.none{color:var(--soft)}
.scroll{overflow-x:auto}
thead button{all:unset;cursor:pointer}
thead button:hover{color:var(--ink)}
thead button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
th[aria-sort] button{color:var(--ink);font-weight:600}
th[aria-sort=descending] button::after{content:" ↓"}
th[aria-sort=ascending] button::after{content:" ↑"}
.sortable tbody th{font-family:var(--mono);font-size:.82rem}
.verdicts{font-size:1rem;max-width:60rem}
.verdicts th,.verdicts td{padding-block:.55rem}
.verdicts th{min-width:8.5rem;white-space:nowrap;font-weight:600;width:1%}
.verdicts .status{white-space:nowrap;width:7rem;font-weight:600}
.verdicts .status::before{display:inline-block;width:1.25em;font-weight:700;text-align:left}
.found .status{color:var(--critical)}.found .status::before{content:"●"}
.clear .status{color:var(--clear)}.clear .status::before{content:"✓"}
.skipped .status{color:var(--soft);font-weight:400}.skipped .status::before{content:"–"}
.failed .status{color:var(--high)}.failed .status::before{content:"!"}
.skipped th{font-weight:400}.skipped td{color:var(--soft)}
.see a{display:inline-block;min-width:1.5em;text-align:center;border:1px solid var(--line);border-radius:.25rem;text-decoration:none;font-size:.8rem;line-height:1.4;margin-left:.25em}
.see a:hover{border-color:var(--accent)}
.gaps{display:grid;grid-template-columns:minmax(9rem,14rem) 1fr;gap:.6rem 2rem;margin:0;font-size:.95rem}
.gaps dt{color:var(--soft);overflow-wrap:anywhere}.gaps dd{margin:0;max-width:46rem;min-width:0}
.names{display:block;margin-top:.15rem;color:var(--soft)}
@media (max-width:40rem){
.gaps{grid-template-columns:1fr;gap:0}.gaps dd{margin-bottom:.9rem}
.verdicts tbody tr{display:grid;grid-template-columns:1fr auto;border-top:1px solid var(--line);padding:.55rem 0}
.verdicts tbody :is(th,td){border:0;padding:0;width:auto}.verdicts td:last-child{grid-column:1/-1;font-size:.92rem}
.verdicts .status{text-align:right}}
`;

const FINDINGS = `
.finding{border-top:1px solid var(--strong-line);padding:1.5rem 0 2rem}
.finding>header{margin-bottom:1.25rem;max-width:54rem}
.kicker{display:flex;flex-wrap:wrap;gap:.1rem 1rem;font-size:.85rem;color:var(--soft);margin-bottom:.4rem}
.severity{font-weight:700}
.critical{--severity:var(--critical)}.high{--severity:var(--high)}.medium{--severity:var(--medium)}.low{--severity:var(--low)}
.severity{color:var(--severity)}
.severity::first-letter{text-transform:uppercase}
.kicker .severity{display:flex;align-items:center;gap:.45em}
.kicker .severity::before{content:"";width:.7em;height:.7em;background:var(--severity)}
.critical>header .kicker .severity::before{border-radius:0}.high>header .kicker .severity::before{clip-path:polygon(50% 0,100% 100%,0 100%)}
.medium>header .kicker .severity::before{clip-path:polygon(50% 0,100% 50%,50% 100%,0 50%)}.low>header .kicker .severity::before{border-radius:50%}
.anchor{color:var(--soft);text-decoration:none;font-weight:400;margin-right:.55em;font-variant-numeric:lining-nums}
.columns{display:grid;grid-template-columns:minmax(0,1fr) minmax(16rem,21rem);gap:2rem 3rem}
.case{min-width:0}
.place{margin-bottom:.6rem}.place>code:first-child{font-weight:600;font-size:.92rem}
.remedy dl{margin:0}.remedy dt{color:var(--soft);font-size:.82rem;margin-bottom:.15rem}
.remedy dd{margin:0 0 1.1rem}.remedy dd p{margin-top:.45rem;font-size:.9rem;color:var(--soft)}
.remedy .cost{font-family:var(--serif);font-size:1.35rem;line-height:1.25;color:var(--severity)}
.remedy .command{padding:.5rem .6rem}
.also{border-left:2px solid var(--severity);padding-left:1rem;margin-top:1.1rem}
.also>summary{color:var(--ink);font-size:.95rem}.also>summary .label{color:var(--soft)}.also>summary .id{color:var(--soft)}
.also>.columns{margin-top:1rem}
@media (max-width:62rem){.columns{grid-template-columns:minmax(0,1fr);gap:1.5rem}}
`;

const AGAINST = `
.sketch-title{color:var(--soft);font-size:.82rem;margin:.9rem 0 .25rem}
.sketch .in{background:color-mix(in srgb,var(--clear) 12%,transparent)}.sketch .out{background:color-mix(in srgb,var(--critical) 10%,transparent)}
.sketch .in .number{color:var(--clear)}.sketch .out .number{color:var(--critical)}
.runs{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem 2rem}
.runs>div{min-width:0}.runs .note{margin-bottom:.3rem}
.against{max-width:36rem}.against .status{width:auto}.against thead th{min-width:0}
.card{border-top:1px solid var(--strong-line);padding:1.1rem 0 1.4rem;max-width:54rem}
.card h3{font-size:1.15rem}.card .effect{font-family:var(--serif);margin:.35rem 0 .8rem;color:var(--severity)}
#mended .card .effect{color:var(--clear)}
#mended .card .kicker .severity{color:var(--soft)}#mended .card .kicker .severity::before{content:"✓";background:none;width:auto;height:auto;color:var(--clear)}
@media (max-width:40rem){.verdicts.against tbody tr{grid-template-columns:1fr 6.5rem 6.5rem}.verdicts.against td:last-child{grid-column:auto;font-size:inherit}.verdicts.against .status{text-align:left}.verdicts.against thead tr{display:grid;grid-template-columns:1fr 6.5rem 6.5rem}}
`;

const PRINT = `
@media print{
@page{margin:16mm}
:root{color-scheme:light!important;--paper:#fff}
html{font-size:9.5pt}.page{max-width:none;padding:0}
nav,#theme,.copy,.skip{display:none!important}
section{padding-top:1.5rem}
.exhibit,.row,.multiple,tr,.remedy dd,.source{break-inside:avoid}
h2,h3,.finding>header{break-after:avoid}
.scroll,.source{overflow:visible}.source ol{min-width:0}.source li{white-space:pre-wrap;overflow-wrap:anywhere}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;

/** The page's whole style sheet: no font, image or import from anywhere. */
export const STYLES: string = COLOURS + TEXT + FRAME + TABLES + FINDINGS + AGAINST + PICTURE_STYLES + PRINT;
