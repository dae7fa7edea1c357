/** How the report looks; light or dark as the reader's system is, and readable on paper. */
export const stylesheet: string = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1c2430; --muted: #667080; --line: #e3e7ec;
  --plain: #8a94a3; --coroutines: #d98a1f; --threads: #2f6fde; --processes: #7b4fd0;
  --good: #157347; --good-back: #e7f5ee; --bad: #b3261e; --bad-back: #fdecea; --doubt: #8a5a00; --doubt-back: #fff4dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1b212a; --ink: #e6eaf0; --muted: #98a3b3; --line: #2c3541;
    --plain: #8a94a3; --coroutines: #e9a344; --threads: #6a9bf4; --processes: #a684ee;
    --good: #6fd3a0; --good-back: #173527; --bad: #ff8a80; --bad-back: #40201d; --doubt: #f3c568; --doubt-back: #3a2f17;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main, header, footer { max-width: 1280px; margin: 0 auto; padding: 0 24px }
header { padding-top: 36px }
h1 { font-size: 26px; margin: 0 0 4px; letter-spacing: -0.01em }
h2 { font-size: 19px; margin: 0; overflow-wrap: anywhere }
h3 { font-size: 14px; margin: 0 0 4px }
section > h3 { margin-top: 20px }
.muted { color: var(--muted) }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 24px; margin: 24px 0 }
.verdict { border-radius: 8px; padding: 10px 14px; margin: 14px 0 6px; font-weight: 600 }
.verdict.good { color: var(--good); background: var(--good-back) }
.verdict.bad { color: var(--bad); background: var(--bad-back) }
.verdict.doubt { color: var(--doubt); background: var(--doubt-back) }
.charts { display: grid; grid-template-columns: 5fr 3fr; gap: 24px 32px; margin: 20px 0 }
.charts figure:first-child { grid-row: span 2 }
figure { margin: 0; min-width: 0 }
figure svg { display: block; width: 100%; height: auto; overflow: visible }
figcaption { font-size: 13px; color: var(--muted); margin-top: 6px }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; white-space: nowrap }
th, td { padding: 7px 12px; text-align: right; border-bottom: 1px solid var(--line) }
th { font-weight: 600; font-size: 13px; color: var(--muted) }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left }
tr:last-child td { border-bottom: 0 }
.words { white-space: normal; min-width: 14em }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; color: var(--muted); margin-bottom: 4px }
ul { margin: 10px 0; padding-left: 20px }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 8px }
.ok, .wrong { white-space: normal; min-width: 16em } .ok { color: var(--good) } .wrong { color: var(--bad) }
.picture { margin-top: 20px }
.picture img { display: block; max-width: 100%; height: auto; border-radius: 8px; margin-bottom: 6px }
code { font: 13px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--page); border-radius: 5px; padding: 2px 6px; overflow-wrap: anywhere }
footer { padding-bottom: 40px; font-size: 13px; color: var(--muted) }
@media (max-width: 900px) {
  .charts { grid-template-columns: 1fr; max-width: 560px }
}
@media (max-width: 760px) {
  main, header, footer { padding: 0 12px }
  header { padding-top: 20px }
  section { padding: 16px; margin: 16px 0 }
  table, tbody, tr, td { display: block; white-space: normal }
  thead { display: none }
  tr { border-bottom: 1px solid var(--line); padding: 8px 0 }
  td, td:first-child, td:last-child { display: flex; justify-content: space-between; gap: 16px; padding: 2px 0; border: 0; text-align: right; min-width: 0 }
  td:first-child { justify-content: start; align-items: center; font-weight: 600; gap: 0; text-align: left }
  .words { min-width: 0 }
  td[data-title]::before { content: attr(data-title); color: var(--muted); font-weight: 400; text-align: left }
}
@media print { body { background: none } section { break-inside: avoid } }
`
