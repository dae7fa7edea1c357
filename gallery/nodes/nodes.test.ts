/** The gallery on three nodes of this machine, on a NATS server of the test's own. */
import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { type Cluster, cluster } from '../../src/cluster.ts'
import { expected } from '../actor-bank/bank.ts'
import { runEntityBank } from '../actor-bank/entities.ts'
import { crawler } from '../crawler/workload.ts'
import { mandelbrot } from '../mandelbrot/workload.ts'
import { stagesOf } from '../word-count/stages.ts'
import { countOn, textOf } from '../word-count/word-count.ts'
import { countWords } from '../word-count/words.ts'
import { installServer, type Nodes, natsServer, startNodes } from './nodes.ts'

const options = { timeout: 180_000, skip: natsServer() === undefined && installServer }
let nodes: Nodes
let jobs: Cluster

before(async () => {
  if (options.skip !== false) return
  nodes = await startNodes({ count: 3 })
  jobs = cluster({ servers: nodes.servers, leaseMs: nodes.leaseMs })
})
after(async () => {
  await jobs?.close({ graceMs: 0 })
  await nodes?.[Symbol.asyncDispose]()
})

for (const workload of [mandelbrot, crawler])
  test(`${workload.name} has its known answer on three nodes`, options, async () => {
    const size = workload.sizes.S as never
    const { shows, expected: known } = workload.check((await workload.parallel(jobs, size)) as never, size)
    assert.equal(shows, known)
  })

test(
  'when a node is killed midway words are counted right, accounts as entities keep their money, and the picture tells it',
  options,
  async () => {
    const text = textOf('docs/guide')
    const counting = countOn(jobs, text, { pieces: 12, fatal: 4 })
    const paying = runEntityBank(jobs, {
      name: 'test',
      transfers: 42,
      at: done => (done === 20 ? nodes.firstDeath : undefined),
    })
    const [{ counts, runs }, balances] = await Promise.all([counting, paying])
    assert.deepEqual(balances, expected(4, 42))
    assert.deepEqual(new Map([...counts].sort()), new Map([...countWords(text)].sort()))
    assert.ok((runs.find(({ stage, number }) => stage === 'map' && number === 4)?.attempt ?? 0) > 1)
    assert.equal(nodes.deaths.length, 1)
    const picture = stagesOf(nodes.pids, runs, nodes.deaths)
    assert.equal(picture.match(/<title>map/g)?.length, 12)
    assert.equal(picture.match(/<title>reduce/g)?.length, 4)
    assert.equal(picture.match(/text-anchor="middle">✗/g)?.length, 1)
  },
)
