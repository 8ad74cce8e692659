/** How exhibits, charts and strips look. */
export const PICTURE_STYLES: string = `
.exhibit{margin:1.4rem 0 0}
.case>.exhibit:first-child{margin-top:0}.place+.exhibit{margin-top:.8rem}
.exhibit>figcaption{font-weight:600;font-size:.92rem;margin-bottom:.45rem;overflow-wrap:anywhere}
.exhibit caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.exhibit details caption{position:static;width:auto;height:auto;clip-path:none}
.source,.stack-lines,.transcript-lines,.path-steps{margin:0;padding:.65rem .75rem;background:var(--raised);border-radius:.35rem;line-height:1.6}
.source{overflow-x:auto;padding-inline:0}.source ol{margin:0;padding:0}
.source ol{list-style:none;min-width:max-content}.source li{padding:0 .75rem;white-space:pre;color:var(--soft)}
.source .number{display:inline-block;min-width:4ch;margin-right:1.2em;text-align:right;user-select:none}
.source code{font-size:1em;overflow-wrap:normal}
.source .culprit{background:light-dark(#a81e1a17,#ff8f8524);box-shadow:inset 3px 0 var(--severity,var(--critical));color:var(--ink)}
.stack-lines,.stack-lines ol{list-style:none}
.stack-lines li{padding:.05rem 0;overflow-wrap:anywhere}
.stack-lines code{font-size:1em}
.stack-lines .path{color:var(--soft);font-size:1em;margin-left:.6em}
.stack-lines ol{margin:.1rem 0 .3rem .4rem;padding:0 0 0 .8rem;border-left:1px solid var(--strong-line)}
.fold>summary{padding:0;font-size:1em}
.foreign{color:var(--soft)}.more{color:var(--soft);margin-left:.8em;text-decoration:underline dotted;text-underline-offset:.2em}
.path-steps{list-style:none;padding:.9rem 1rem;background:none;border:1px solid var(--line)}
.path-steps li{display:flex;flex-direction:column;align-items:flex-start}
.path-steps .holds{position:relative;margin-left:1.1rem;padding:.3rem 0 .3rem .9rem;border-left:1.5px solid var(--accent);color:var(--soft);font-size:.85em;min-height:1.5rem}
.path-steps .holds::after{content:"";position:absolute;left:-.36rem;bottom:-.1rem;border:.32rem solid transparent;border-top:.42rem solid var(--accent);border-bottom:0}
.path-steps .box{max-width:100%;padding:.3rem .7rem;border:1.5px solid var(--strong-line);border-radius:.35rem;background:var(--raised);overflow-wrap:anywhere}
.path-steps .box b{font-weight:700}.path-steps .box small{font-size:.92em}
.path-steps .root .box{border-style:dashed}
.path-steps .kept .box{border-color:var(--severity,var(--accent));background:var(--paper)}
.path-steps code{font-size:1em}
.transcript-lines{padding-left:3.2rem;overflow-wrap:anywhere}
.transcript-lines li::marker{color:var(--soft)}
.lanes td,.lanes thead th:not(:first-child){border-left:1px solid var(--line);padding:.3rem .6rem;min-width:7.5rem}
.lanes td{font-family:var(--mono);font-size:.82rem;border-top:0;overflow-wrap:anywhere}
.lanes tbody th{border-top:0;color:var(--soft);min-width:2rem;width:2rem;font-size:.8rem}
.lanes thead th{white-space:normal;font-weight:600;color:var(--ink)}
.lanes .on{background:var(--raised);box-shadow:inset 3px 0 var(--c0)}
.lanes .path{color:var(--soft);font-size:1em;margin-left:.4em}.lanes .said{display:block;color:var(--severity,var(--critical));font-family:var(--sans)}
.matrix{width:auto}.matrix td{text-align:center;font-family:var(--mono);padding:.2rem .35rem;min-width:1.7rem;border-left:1px solid var(--line)}
.matrix thead th{text-align:center;padding:.2rem .35rem}.matrix tbody th{white-space:nowrap;color:var(--soft);padding-right:1rem}.matrix tbody th code{margin-left:.8em;color:var(--ink)}
.matrix .state,.matrix .invariant,.matrix .hang,.matrix .crash{color:var(--critical);font-weight:700;background:light-dark(#a81e1a17,#ff8f8524)}
.matrix .error{color:var(--high);font-weight:700}.matrix .results,.matrix .undecided{color:var(--medium)}.matrix td.clear{color:var(--clear)}
.lanes .l1{box-shadow:inset 3px 0 var(--c1)}.lanes .l2{box-shadow:inset 3px 0 var(--c2)}.lanes .l3{box-shadow:inset 3px 0 var(--c3)}.lanes .l4{box-shadow:inset 3px 0 var(--c4)}.lanes .l5{box-shadow:inset 3px 0 var(--c5)}
.plot{display:block;width:100%;overflow:visible}
.plot path,.plot rect{vector-effect:non-scaling-stroke;fill:none}
.plot .grid{stroke:var(--line);stroke-width:1}
.plot .base{stroke:var(--strong-line);stroke-width:1}
.axis{position:relative;height:1.3rem;font-size:.75rem;color:var(--soft)}
.tick{position:absolute;top:.2rem;transform:translateX(-50%);white-space:nowrap}
.tick.start{transform:none}.tick.end{transform:translateX(-100%)}
.axis-title{font-size:.78rem;color:var(--soft)}
.row{display:grid;grid-template-columns:10rem minmax(0,1fr) 14rem;align-items:end;column-gap:1.5rem}
.row-axis{margin-inline:11.5rem 15.5rem}
.row-name{grid-column:1;grid-row:1;font-family:var(--mono);font-size:.84rem;overflow-wrap:anywhere;padding:.2rem 0;align-self:center}
.row-name.none{color:var(--soft);font-family:var(--sans)}
.row-figures{grid-column:3;grid-row:1;font-size:.84rem;color:var(--soft);align-self:center}
.row-figures b{color:var(--ink);font-weight:600}
.row-figures span{display:block;white-space:nowrap}.row-figures span::before{content:"";display:inline-block;width:.55em;height:.55em;margin-right:.5em;border-radius:50%;background:var(--accent)}.row-figures .mixed::before{background:var(--second)}
.row .plot{grid-column:2;grid-row:1}
.ridge{height:3.75rem}.strip{height:2.5rem}
.strip{margin-top:.5rem}
.plot .hump{stroke-width:1.25}
.alone .hump{fill:var(--accent-wash);stroke:var(--accent)}.alone .mark{stroke:var(--accent);stroke-width:1.5}
.mixed .hump{fill:var(--second-wash);stroke:var(--second)}.mixed .mark{stroke:var(--second);stroke-width:1.5}
.strip rect{fill:var(--accent);stroke:var(--accent);stroke-width:1}
.strip rect.host{fill:var(--strong-line);stroke:var(--strong-line)}
.rows+details{margin-top:1rem}
.timeline .panel{margin:1.2rem 0 0}.timeline figcaption{font-weight:600;font-size:.92rem;margin-bottom:.5rem}
.timeline .two{display:grid;grid-template-columns:1fr 1fr;gap:0 2.5rem}.timeline .two .lines,.timeline .two .y-axis{height:6rem}
.timeline .saw .line{stroke-width:1;stroke-dasharray:none;opacity:.75}
.plot .band{fill:var(--raised);stroke:none}.plot .band.fresh{fill:var(--accent-wash);opacity:.55}
#memory h3{font-size:1.15rem;margin:2.2rem 0 .5rem}
.rounds .row{grid-template-columns:11rem minmax(0,1fr) 14rem;margin-top:.7rem}.rounds .row-axis{margin-inline:12.5rem 15.5rem}
.rounds .strip{height:3rem}
.plot .kept{stroke:none;fill:var(--strong-line)}.plot .kept.never{fill:var(--critical)}.plot .kept.undecided{fill:var(--high)}.plot .kept.ends{fill:var(--c2)}
.plot .expected{stroke:var(--ink);stroke-width:1.5}
.fate.never{color:var(--critical)}.fate.undecided{color:var(--high)}.fate.ends{color:var(--clear)}
.row-figures .fate{display:inline;white-space:normal}.row-figures .fate::before{display:none!important}
.round-names{display:flex;font-size:.72rem;color:var(--soft);padding-top:.25rem}.round-names span{flex:1;min-width:0;text-align:center;overflow-wrap:anywhere;line-height:1.25;padding:0 .15rem}
.stacked{height:1.6rem;margin-top:.6rem}
.part{--p:var(--c0)}.part.gc{--p:var(--c3)}.part.held{--p:var(--critical)}.part.waits{--p:var(--c2)}.part.host{--p:var(--strong-line)}
.stacked rect.part{fill:var(--p)}
.legend.parts{margin-left:0}.legend.parts .part{--c:var(--p)}
.row-words{grid-column:2/-1;grid-row:2;font-size:.84rem;color:var(--soft);margin:.15rem 0 .5rem;overflow-wrap:anywhere}
.multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(13rem,45%),1fr));gap:1.75rem 2rem}
.multiple{margin:0;min-width:0}
.multiple figcaption{display:flex;flex-direction:column;margin-bottom:.4rem}
.multiple figcaption b{font-family:var(--mono);font-size:.84rem;font-weight:400;overflow-wrap:anywhere}
.multiple .figure{font-family:var(--serif);font-size:1.35rem;line-height:1.2}
.multiple .figure small{font-family:var(--sans);font-size:.85rem}
.fan{height:6rem;border-bottom:1px solid var(--strong-line);border-left:1px solid var(--strong-line)}
.multiple .note{margin-top:.5rem}
.multiple .y-axis{width:1.8rem;height:6rem}.multiple .field{position:relative;padding-left:2.2rem}
.plot .between{fill:var(--raised)}
.plot .upper{stroke:var(--critical);stroke-width:1;stroke-dasharray:4 3}
.plot .lower{stroke:var(--clear);stroke-width:1;stroke-dasharray:4 3}
.plot .median{stroke:var(--accent);stroke-width:2}
.plot .dots{stroke:var(--accent);stroke-width:5;stroke-linecap:round;opacity:.55}
.key{border-bottom:1.5px dashed;color:var(--ink)}.key.upper{border-color:var(--critical)}.key.lower{border-color:var(--clear)}
.chart{position:relative;padding-left:3.6rem}
.chart>.axis-title:first-child{margin-left:-3.6rem;margin-bottom:.6rem}
.chart>.axis-title:last-child{text-align:right}
.lines{height:11rem}
.y-axis{position:absolute;left:0;width:3.1rem;height:11rem;font-size:.75rem;color:var(--soft)}
.y-axis span{position:absolute;right:0;transform:translateY(-50%)}
.lines .line{stroke:var(--c);stroke-width:1.75;stroke-linejoin:round}.lines .dots{stroke:var(--c);stroke-width:6;opacity:1}
.s0{--c:var(--c0)}.s1{--c:var(--c1)}.s2{--c:var(--c2)}.s3{--c:var(--c3)}.s4{--c:var(--c4)}.s5{--c:var(--c5)}
.s1 .line{stroke-dasharray:7 3}.s2 .line{stroke-dasharray:2 3}.s3 .line{stroke-dasharray:9 3 2 3}.s4 .line{stroke-dasharray:4 2}.s5 .line{stroke-dasharray:1 4}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;margin:.4rem 0 0 3.6rem;padding:0;font-size:.85rem}
.legend li::before{content:"";display:inline-block;width:1.1em;height:.2em;background:var(--c);margin-right:.5em;vertical-align:.25em}
@media (max-width:50rem){
.timeline .two{grid-template-columns:minmax(0,1fr)}.rounds .row{grid-template-columns:minmax(0,1fr) auto}.rounds .row-axis{margin-inline:0}
.row{grid-template-columns:minmax(0,1fr) auto;row-gap:.2rem;margin-top:.9rem}
.row-name{align-self:end}.row-figures{grid-column:2;align-self:end}
.row .plot{grid-column:1/-1;grid-row:2;margin-top:0}.row .row-words{grid-column:1/-1;grid-row:3}.row-axis{margin-inline:0}
.tick.minor{display:none}}
`;
