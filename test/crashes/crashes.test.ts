/**
 * The same programs with a crash at any of their messages: here, on a virtual clock, on played
 * workers at each of them; on real threads and processes at some, by the seed. `npm run crashes`
 * plays more.
 */
import { after, before, suite, test } from 'node:test'
import { Crashes } from './every-crash.ts'
import { here, onVirtualClock, played, RealPlace } from './places.ts'
import { programs } from './programs.ts'

const timeout = 300_000

for (const [where, place] of [
  ['here', here],
  ['on a virtual clock', onVirtualClock],
  ['on played threads', played('threads')],
  ['in played processes', played('processes')],
] as const)
  suite(`crashes at every message ${where}`, { timeout }, () => {
    for (const [name, program] of Object.entries(programs))
      test(name, async t => {
        t.mock.method(process, 'emitWarning', () => {}) // Of workers that die while they are idle.
        await new Crashes(name, program, place).eachMessage(1)
      })
  })

for (const model of ['threads', 'processes'] as const)
  suite(`crashes at some messages, on real ${model}`, { timeout }, () => {
    let place: RealPlace
    before(async () => {
      place = await RealPlace.open(model, 1) // The start of a worker is most of what this costs.
    })
    after(() => place[Symbol.asyncDispose]())

    for (const [at, [name, program]] of Object.entries(programs).entries())
      test(name, async t => {
        t.mock.method(process, 'emitWarning', () => {})
        const mayDie = at === (model === 'threads' ? 0 : 5)
        await new Crashes(name, program, place).some(2, at + 1, mayDie)
      })
  })
