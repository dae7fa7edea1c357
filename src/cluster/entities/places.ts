/**
 * Where an entity belongs: its name, its shard, and the keys and subjects that follow from them.
 */

import type { Definition } from '../../actors/contract.ts'
import { portableModule } from '../../declared/portable-module.ts'

const { createHash } = process.getBuiltinModule('node:crypto')

/** Leases are of shards, not of entities: this many renewals, however many entities there are. */
export const shardCount = 64

/** What a class is known by on every machine. */
export function typeOf({ place, name }: Definition): string {
  return `${portableModule(place.module)}#${name}`
}

/** The key of its state; a digest, as a store does not take every letter in a key. */
export function stateKey(type: string, key: string): string {
  return createHash('sha256').update(`${type}\n${key}`).digest('hex').slice(0, 40)
}

export function shardOf(type: string, key: string): number {
  return Number.parseInt(stateKey(type, key).slice(0, 8), 16) % shardCount
}

export const ownerKey = (shard: number): string => `shard-${shard}`
/** A new owner hears another subject: what is sent to the former one reaches nobody new. */
export const shardSubject = (shard: number, epoch: number): string => `shard.${shard}-${epoch}`
export const callerSubject = (caller: string): string => `entity.${caller}`
export const hostsSubject = 'hosts'
