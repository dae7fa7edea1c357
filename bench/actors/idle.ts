/**
 * What an idle actor takes in memory, and how late a timer is while actors are never idle:
 * `node --expose-gc idle.ts`.
 */
import { spawn } from '../../src/actors.ts'
import { programs } from './programs.ts'
import { Echo } from './savina.actors.ts'

const collect = (globalThis as { gc?: () => void }).gc
if (collect === undefined) throw new Error('Run it as node --expose-gc idle.ts')

const count = 200_000
const refs: unknown[] = new Array(count)
for (let n = 0; n < 1_000; n += 1) await spawn(Echo, [])
collect()
const before = process.memoryUsage().heapUsed
for (let n = 0; n < count; n += 1) refs[n] = await spawn(Echo, [])
collect()
console.log(
  `${Math.round((process.memoryUsage().heapUsed - before) / count)} bytes per idle actor with its ref, goal 400`,
)

if (refs.some(ref => ref === undefined)) throw new Error('an actor is missing')

const late: number[] = []
let due = performance.now() + 1
const tick = () => {
  late.push(performance.now() - due)
  due = performance.now() + 1
  timer = setTimeout(tick, 1)
}
let timer = setTimeout(tick, 1)
for (const name of ['ping-pong', 'big', 'chameneos']) await programs[name]?.run()
clearTimeout(timer)
late.sort((a, b) => a - b)
const at = (share: number) => (late[Math.floor((late.length - 1) * share)] as number).toFixed(2)
console.log(
  `timer lag under full load, ms: median ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}; goal 2 (${late.length} ticks)`,
)
