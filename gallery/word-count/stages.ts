/**
 * The stages of a word count as an SVG picture: a lane for each node, a box for each task.
 *
 *     node 4711  ▇▇ ▇▇▇ ▇▇ ✗                    ▇ map   ▇ map, again   ▇ reduce
 *     node 4712  ▇▇▇ ▇▇ ▇▇ ▇▇▇ │ ▇▇
 */
import type { Death } from '../nodes/nodes.ts'
import type { Run } from './tasks.ts'

const [left, lane, top, width] = [110, 34, 46, 760]
const colours = { map: '#4c78a8', again: '#e45756', reduce: '#54a24b' }

/** `nodes` in the order of their lanes. */
export function stagesOf(nodes: readonly number[], runs: readonly Run[], deaths: readonly Death[]): string {
  const fromMs = Math.min(...runs.map(run => run.fromMs))
  const toMs = Math.max(...runs.map(run => run.toMs), ...deaths.map(({ atMs }) => atMs))
  const at = (ms: number) => left + (width * (ms - fromMs)) / Math.max(1, toMs - fromMs)
  const laneOf = (node: number) => top + lane * nodes.indexOf(node)
  const bottom = top + lane * nodes.length
  const lanes = nodes.map(
    (node, n) =>
      `<text x="8" y="${laneOf(node) + 19}">node ${n + 1}</text><line x1="${left}" x2="${left + width}" y1="${laneOf(node) + lane - 3}" y2="${laneOf(node) + lane - 3}" stroke="#ddd"/>`,
  )
  const boxes = runs.map(run => {
    const kind = run.stage === 'reduce' ? 'reduce' : run.attempt > 1 ? 'again' : 'map'
    const wide = Math.max(2.5, at(run.toMs) - at(run.fromMs))
    return `<rect x="${at(run.fromMs).toFixed(1)}" y="${laneOf(run.node) + 4}" width="${wide.toFixed(1)}" height="${lane - 12}" fill="${colours[kind]}" stroke="#fff" stroke-width="0.5"><title>${run.stage} ${run.number}, attempt ${run.attempt}: ${run.toMs - run.fromMs} ms</title></rect>`
  })
  const crosses = deaths.map(
    ({ node, atMs }) =>
      `<text x="${at(atMs).toFixed(1)}" y="${laneOf(node) + 21}" font-size="20" fill="${colours.again}" text-anchor="middle">✗</text>`,
  )
  const reduces = runs.filter(({ stage }) => stage === 'reduce')
  const shuffleX = at(Math.min(...reduces.map(run => run.fromMs))) - 4
  const key = (x: number, colour: string, what: string) =>
    `<rect x="${x}" y="${bottom + 14}" width="12" height="12" fill="${colour}"/><text x="${x + 18}" y="${bottom + 24}">${what}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + 20}" height="${bottom + 40}" font-family="sans-serif" font-size="13">
<title>When each task of a word count ran, on which node</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="8" y="22" font-size="15">Word count: ${runs.length} tasks in ${((toMs - fromMs) / 1_000).toFixed(1)} s</text>
${lanes.join('\n')}
<line x1="${shuffleX.toFixed(1)}" x2="${shuffleX.toFixed(1)}" y1="${top - 6}" y2="${bottom}" stroke="#888" stroke-dasharray="4 3"/><text x="${(shuffleX - 4).toFixed(1)}" y="${top - 8}" fill="#666" text-anchor="end">shuffle</text>
${boxes.join('\n')}
${crosses.join('\n')}
${key(left, colours.map, 'map')}${key(left + 90, colours.again, 'map, again')}${key(left + 220, colours.reduce, 'reduce')}<text x="${left + 330}" y="${bottom + 24}" fill="${colours.again}">✗ the node is killed</text>
</svg>
`
}
