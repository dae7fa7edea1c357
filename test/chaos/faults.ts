/** What is done to the programs of a chaos run, which one next, by the seed. */
import { setTimeout as pass } from 'node:timers/promises'
import type { NatsServer } from '../../src/cluster/fixtures/nats-server.ts'
import type { Player } from './cast.ts'

export interface Victims {
  readonly server: NatsServer
  readonly workers: readonly Player[]
  readonly callers: readonly Player[]
  readonly leaseMs: number
}

export const faultNames = [
  'connection cut',
  'connection slow',
  'connection blocked',
  'frozen for a moment',
  'worker frozen past its lease',
  'worker killed',
  'caller killed',
  'server killed',
] as const
export type FaultName = (typeof faultNames)[number]

/** How often each is chosen among a thousand. */
const weights: Readonly<Record<FaultName, number>> = {
  'connection cut': 350,
  'connection slow': 200,
  'connection blocked': 130,
  'frozen for a moment': 150,
  'worker frozen past its lease': 40,
  'worker killed': 80,
  'caller killed': 35,
  'server killed': 15,
}

export class Faults {
  readonly counts = new Map<FaultName, number>()
  readonly #victims: Victims
  readonly #random: () => number
  readonly #going = new Set<Promise<void>>()
  #serverBusy = false

  constructor(victims: Victims, random: () => number) {
    this.#victims = victims
    this.#random = random
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Begins one; it goes on beside others. False if its victim is in trouble already. */
  begin(): boolean {
    const name = this.#chosen()
    const player = this.#playerFor(name)
    if (name === 'server killed' ? this.#serverBusy : player.busy) return false
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    const going = this.#play(name, player).finally(() => this.#going.delete(going))
    this.#going.add(going)
    return true
  }

  /** Resolves once all that was done is undone. */
  async over(): Promise<void> {
    while (this.#going.size > 0) await Promise.all(this.#going)
  }

  #chosen(): FaultName {
    let left = this.#random() * 1_000
    for (const name of faultNames) {
      left -= weights[name]
      if (left < 0) return name
    }
    return 'connection cut'
  }

  #playerFor(name: FaultName): Player {
    const { workers, callers } = this.#victims
    const all = name.startsWith('worker')
      ? workers
      : name.startsWith('caller')
        ? callers
        : [...workers, ...callers]
    return all[Math.floor(this.#random() * all.length)] as Player
  }

  async #play(name: FaultName, player: Player): Promise<void> {
    if (name === 'server killed') {
      this.#serverBusy = true
      await this.#victims.server.kill()
      await this.#victims.server.start()
      this.#serverBusy = false
      return
    }
    player.busy = true
    await this.#harm(name, player)
    player.busy = false
  }

  async #harm(name: FaultName, player: Player): Promise<void> {
    const { leaseMs } = this.#victims
    const random = this.#random()
    switch (name) {
      case 'connection cut':
        return player.cable.cut()
      case 'connection slow':
        player.cable.delay(5 + 100 * random)
        await pass(200 + 400 * random)
        return player.cable.delay(0)
      case 'connection blocked':
        player.cable.block()
        await pass(200 + leaseMs * random)
        return player.cable.unblock()
      case 'frozen for a moment':
        player.freeze()
        await pass(50 + 400 * random)
        return player.thaw()
      case 'worker frozen past its lease':
        player.freeze()
        await pass(leaseMs * (1.1 + random))
        return player.thaw()
      default:
        await player.kill()
        return await player.begin()
    }
  }
}
