/** Tasks and an actor that give what throws when it is looked at. */

import { actor } from '../../src/actors.ts'
import { task } from '../../src/index.ts'

function looked(): never {
  throw new RangeError('it was looked at')
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function value(kind: string): unknown {
  switch (kind) {
    case 'then getter':
      return Object.defineProperty({}, 'then', { get: looked })
    case 'then that throws':
      return { then: looked }
    case 'constructor getter':
      return Object.defineProperty(Promise.resolve(5), 'constructor', { get: looked })
    case 'name getter':
      return Object.defineProperty(new Error('hidden'), 'name', { get: looked })
    case 'prototype trap':
      return new Proxy({}, { getPrototypeOf: looked, get: looked })
    case 'revoked proxy':
      return revoked()
    default:
      return 5
  }
}

export const give = task(import.meta, function give(kind: string): unknown {
  return value(kind)
})

export const toss = task(import.meta, function toss(kind: string): never {
  throw value(kind)
})

export const Giver = actor(
  import.meta,
  class Giver {
    give(kind: string): unknown {
      return value(kind)
    }
  },
)
