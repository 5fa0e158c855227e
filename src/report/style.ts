// SPDX-License-Identifier: Apache-2.0
// The page's one style sheet: readable on screen and paper, no script, nothing from outside.

export const STYLE = `
:root { --ink:#1c2430; --soft:#5b6675; --line:#dfe4ea; --paper:#fff; --wash:#f5f7f9; --good:#12693f; --attention:#8a5300; --bad:#a3231a; --add:#e5f5ec; --del:#fbe9e7; }
@media (prefers-color-scheme: dark) { :root { --ink:#e3e8ee; --soft:#9aa6b4; --line:#333c47; --paper:#14181d; --wash:#1c2229; --good:#57c78f; --attention:#e2a84b; --bad:#f08378; --add:#163323; --del:#3a1d1a; } }
* { box-sizing:border-box } body { margin:0; color:var(--ink); background:var(--paper); font:15px/1.55 system-ui,"Segoe UI",Roboto,"Helvetica Neue",sans-serif }
main { max-width:60rem; margin:0 auto; padding:2rem 1.25rem 4rem }
h1 { font-size:1.05rem; font-weight:600; color:var(--soft); margin:0 0 .25rem } h2 { font-size:1.1rem; margin:2.6rem 0 .6rem; padding-bottom:.3rem; border-bottom:1px solid var(--line) }
.verdict { border-left:6px solid var(--tone); background:var(--wash); padding:1.1rem 1.3rem; margin:.8rem 0 1.4rem; border-radius:0 6px 6px 0 }
.verdict strong { display:block; font-size:1.9rem; line-height:1.25; color:var(--tone) } .good { --tone:var(--good) } .attention { --tone:var(--attention) } .bad { --tone:var(--bad) }
.figures { display:grid; grid-template-columns:repeat(auto-fit,minmax(8.4rem,1fr)); gap:.7rem; margin:1.2rem 0 } .figures div { background:var(--wash); border-radius:6px; padding:.7rem .9rem }
.figures b { display:block; font-size:1.12rem } .figures span, .soft { color:var(--soft); font-size:.88rem }
table { border-collapse:collapse; width:100%; font-size:.92rem } td,th { text-align:left; padding:.32rem .8rem .32rem 0; border-bottom:1px solid var(--line); vertical-align:top } th { color:var(--soft); font-weight:500 }
td.number,th.number { text-align:right; font-variant-numeric:tabular-nums } code,pre { font:12.5px/1.5 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace } code { overflow-wrap:anywhere }
pre { background:var(--wash); padding:.7rem .9rem; border-radius:6px; overflow-x:auto; margin:.5rem 0 } pre .add { background:var(--add) } pre .del { background:var(--del) } pre span { display:block }
details { border-bottom:1px solid var(--line); padding:.45rem 0 } summary { cursor:pointer } summary code { font-weight:600 } img { max-width:min(100%,44rem); border-radius:6px; border:1px solid var(--line) }
li { margin:.25rem 0 } .bar { height:9px; background:var(--line); border-radius:5px; overflow:hidden; min-width:6rem } .bar i { display:block; height:100%; background:var(--good) }
td.good,td.attention,td.bad { color:var(--tone); font-weight:600; white-space:nowrap } .chain td:first-child { white-space:nowrap }
.steps { padding-left:1.3rem } .problem { margin:.5rem 0; padding-left:.9rem; border-left:3px solid var(--tone) }
@media (max-width: 640px) { table { display:block; overflow-x:auto } td { overflow-wrap:anywhere; min-width:4.5rem } }
@media print { details > * { display:block } main { max-width:none } }
`;
