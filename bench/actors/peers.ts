/**
 * The same on nact and XState, and on the least that an actor can be, as far as these have it;
 * fewer steps where they take longer, rates compare.
 */
import { dispatch, query, spawn, start } from 'nact'
import { createActor, fromTransition } from 'xstate'
import { bare } from './bare.ts'

type Programs = Readonly<Record<string, () => Promise<number>>>

interface PingMessage {
  readonly left: number
  readonly from: any
}

const nact: Programs = {
  'ping-pong': () =>
    new Promise(resolve => {
      const system = start()
      const steps = 60_000
      const pong = spawn(system, (state: any, { left, from }: PingMessage) => {
        dispatch(from, { left, from: pong })
        return state
      }) as any
      const ping = spawn(system, (state: any, { left }: PingMessage) => {
        if (left === 0) resolve(steps)
        else dispatch(pong, { left: left - 1, from: ping })
        return state
      }) as any
      dispatch(ping, { left: steps, from: pong })
    }),
  counting: () =>
    new Promise(resolve => {
      const steps = 100_000
      const counter = spawn(start(), (count: number | undefined) => {
        const now = (count ?? 0) + 1
        if (now === steps) resolve(steps)
        return now
      }) as any
      for (let n = 0; n < steps; n += 1) dispatch(counter, n)
    }),
  ask: async () => {
    const echo = spawn(start(), (state: any, { value, from }: any) => {
      dispatch(from, value)
      return state
    }) as any
    for (let n = 0; n < 50_000; n += 1) await query(echo, (from: any) => ({ value: n, from }), 5_000)
    return 50_000
  },
}

const xstate: Programs = {
  'ping-pong': async () => {
    const steps = 100_000
    const logic = fromTransition((count: number, event: { type: string; to?: any }) => {
      event.to?.send({ type: 'pong' })
      return count + 1
    }, 0)
    const [ping, pong] = [createActor(logic).start(), createActor(logic).start()]
    for (let n = 0; n < steps; n += 1) ping.send({ type: 'ping', to: pong })
    return steps
  },
  counting: async () => {
    const counter = createActor(fromTransition((count: number) => count + 1, 0)).start()
    for (let n = 0; n < 300_000; n += 1) counter.send({ type: 'increment' })
    return 300_000
  },
}

/** Each by its name, its programs by theirs. */
export const peers: Readonly<Record<string, Programs>> = { 'bare cell': bare, nact, xstate }
