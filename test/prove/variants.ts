/**
 * Mistakes that one could make in the locks, each planted in a copy of the real code. The explorer
 * must find every one of them.
 */
import type { Edit } from './library.ts'

export interface Variant {
  readonly name: string
  readonly edit: Edit
  /** What the names of the models begin with that are to find it. */
  readonly models: string
  /** It shows only if waiters are as patient as in production. */
  readonly patient?: boolean
}

const owned = (find: string, replace: string): Edit => ({ file: 'owned.ts', find, replace })
const barrier = (find: string, replace: string): Edit => ({ file: 'barrier.ts', find, replace })
const semaphore = (find: string, replace: string): Edit => ({ file: 'semaphore.ts', find, replace })

export const variants: readonly Variant[] = [
  {
    name: 'a mutex that looks first and takes then',
    edit: owned(
      'return compareExchange(words, at, 0, self) === 0',
      'const free = load(words, at) === 0\n  if (free) compareExchange(words, at, load(words, at), self)\n  return free',
    ),
    models: 'mutex',
  },
  {
    name: 'a waiter that never says that it waits',
    edit: owned('const expected = held | contended | (lost', 'const expected = held | (lost'),
    models: 'mutex',
  },
  {
    name: 'a waiter that takes the word as if nobody else waited',
    edit: owned(
      'const mine = waited ? self | contended | (patient ? held & inLine : 0) : self',
      'const mine = self',
    ),
    models: 'mutex, 3',
  },
  {
    name: 'a release that wakes nobody',
    edit: owned('  passTurn(words, at)\n  return true\n', '  return true\n'),
    models: 'mutex',
  },
  {
    name: 'a release that wakes before it gives up',
    edit: owned(
      '    const now = compareExchange(words, at, held, held & inLine)\n    if (now === held) break\n    held = now\n  }\n  passTurn(words, at)',
      '    passTurn(words, at)\n    const now = compareExchange(words, at, held, held & inLine)\n    if (now === held) break\n    held = now\n  }',
    ),
    models: 'mutex',
  },
  {
    name: 'a release that does not look whose the word is',
    edit: owned('    if ((held & (agentMask | poisoned)) !== self) return false\n', ''),
    models: 'mutex, released',
  },
  {
    name: 'a release that looks first and gives up then',
    edit: owned(
      '    const now = compareExchange(words, at, held, held & inLine)\n',
      '    const now = held\n    compareExchange(words, at, load(words, at), held & inLine)\n',
    ),
    models: 'mutex',
  },
  {
    name: 'a notification that comes too late is lost',
    edit: owned('const passOn = () => passTurn(words, at)', 'const passOn = () => {}'),
    models: 'mutex, 3 threads, of which',
  },
  {
    name: 'the line stays closed though nobody stands in it',
    edit: owned('if (notify(words, at, 1) > 0) return', 'if (notify(words, at, 1) >= 0) return'),
    models: 'mutex, 3 threads, of which',
  },
  {
    name: 'the line is opened, and who waits behind it is forgotten',
    edit: owned('    if ((held & contended) !== 0) notify(words, at, 1)\n', ''),
    models: 'mutex, a wait whose time',
  },
  {
    name: 'the dead owner is not looked for',
    edit: owned('if (owner !== 0 && !isAlive(owner)) {', 'if (owner === -1) {'),
    models: 'mutex, 2 threads, 1 rounds, one dies',
  },
  {
    name: 'a lock that is taken over stays poisoned',
    edit: owned(
      'return compareExchange(words, at, held, mine) === held\n  })',
      'return compareExchange(words, at, held, mine | (held & poisoned)) === held\n  })',
    ),
    models: 'mutex, one dies',
  },
  {
    name: 'a circle is blamed on a stale row, or not at all',
    edit: {
      file: 'circle.ts',
      find: 'if (circle.every(({ agent }) => agent <= selfAgent()))',
      replace: 'if (circle.length > 2)',
    },
    models: 'two mutexes',
  },
  {
    name: 'a re-entrant mutex that is free after one release',
    edit: { file: 'reentrant-mutex.ts', find: 'if (left === 0) disown', replace: 'if (left >= 0) disown' },
    models: 're-entrant',
  },
  {
    name: 'a permit that is looked at and then taken',
    edit: semaphore(
      'if (compareExchange(words, at, held, held - 1) === held) return true',
      'return add(words, at, -1), true',
    ),
    models: 'semaphore',
  },
  {
    name: 'a release that looks for waiters before it gives the permit',
    edit: semaphore(
      '  for (;;) {\n    const held = load(words, at)\n    if ((held & mostPermits) + count > max) return false',
      '  if (load(words, at + waiters) === 0) return add(words, at, count) >= 0\n  for (;;) {\n    const held = load(words, at)\n    if ((held & mostPermits) + count > max) return false',
    ),
    models: 'semaphore',
  },
  {
    name: 'a waiter that is not counted',
    edit: semaphore('  add(words, at + waiters, 1)\n', ''),
    models: 'semaphore',
  },
  {
    name: 'two permits wake one',
    edit: semaphore(
      'if (load(words, at + waiters) > 0) notify(words, at, count)',
      'if (load(words, at + waiters) > 0) notify(words, at, 1)',
    ),
    models: 'semaphore, 2 permits given',
    patient: true,
  },
  {
    name: 'one that made others stand in line goes, and does not tell them',
    edit: semaphore('        passOn() // Newcomers that it has made stand in line may go.\n', ''),
    models: 'semaphore, waits',
  },
  {
    name: 'a late notification of a permit is lost',
    edit: semaphore('const passOn = () => passPermits(words, at)', 'const passOn = () => {}'),
    models: 'semaphore',
  },
  {
    name: 'a waiter counts itself off twice',
    edit: semaphore(
      '      if (lost >= patience) passOn() // As',
      '      add(words, at + waiters, -1)\n      if (lost >= patience) passOn() // As',
    ),
    models: 'semaphore',
  },
  {
    name: 'an event that wakes one',
    edit: {
      file: 'event.ts',
      find: 'notify(words, at, Number.POSITIVE_INFINITY)',
      replace: 'notify(words, at, 1)',
    },
    models: 'event',
  },
  {
    name: 'a waiter that looks whether the event is still set',
    edit: {
      file: 'event.ts',
      find: 'if (load(words, at) !== seen) return true',
      replace: 'if ((load(words, at) & 1) === 1) return true',
    },
    models: 'event, set and cleared',
  },
  {
    name: 'an event that two clear at once is set again',
    edit: {
      file: 'event.ts',
      find: 'compareExchange(words, at, seen, (seen + 1) | 0) // Else',
      replace: 'compareExchange(words, at, load(words, at), (load(words, at) + 1) | 0) // Else',
    },
    models: 'event, cleared',
  },
  {
    name: 'a latch that wakes before it has counted',
    edit: {
      file: 'latch.ts',
      find: '    if (compareExchange(words, at, left, left - count) !== left) continue\n    if (left === count) notify(words, at, Number.POSITIVE_INFINITY)',
      replace:
        '    if (left === count) notify(words, at, Number.POSITIVE_INFINITY)\n    if (compareExchange(words, at, left, left - count) !== left) continue',
    },
    models: 'latch',
  },
  {
    name: 'what is done once is not looked at again under the lock',
    edit: {
      file: 'once.ts',
      find: '      if (this.done) return false\n      callAtOnce(',
      replace: '      callAtOnce(',
    },
    models: 'once',
  },
  {
    name: 'the last party forgets to wake the others',
    edit: {
      file: 'barrier.ts',
      find: '    if (compareExchange(words, at, held, (held + (1 << roundShift)) & roundMask) === held) break\n  }\n  notify(words, at, Number.POSITIVE_INFINITY)',
      replace:
        '    if (compareExchange(words, at, held, (held + (1 << roundShift)) & roundMask) === held) break\n  }',
    },
    models: 'barrier',
  },
  {
    name: 'a barrier that does not count its rounds',
    edit: {
      file: 'barrier.ts',
      find: 'if (compareExchange(words, at, held, (held + (1 << roundShift)) & roundMask) === held) break',
      replace: 'if (compareExchange(words, at, held, 0) === held) break',
    },
    models: 'barrier',
  },
  {
    name: 'a party that comes in a full round opens it for the last one',
    edit: {
      file: 'barrier.ts',
      find: '    if (place === parties) {\n',
      replace: '    if (place === parties) {\n      open(words, at, name, came)\n',
    },
    models: 'barrier',
  },
  {
    name: 'a party whose time ends goes in silence',
    edit: {
      file: 'barrier.ts',
      find: 'if (breakRound(words, at, last)) return false',
      replace: 'return false',
    },
    models: 'barrier, a party',
  },
  {
    name: 'a party is counted before it takes its seat',
    edit: barrier(
      '    if (!taken && compareExchange(words, at + firstSeat + place, seat, self | tagOf(came)) !== seat) continue\n',
      '    if (compareExchange(words, at, came, came + 1) !== came) continue\n    compareExchange(words, at + firstSeat + place, seat, self | tagOf(came))\n',
    ),
    models: 'barrier, 2 parties, 1 rounds, one dies',
  },
  {
    name: 'the last one does not look who has died',
    edit: barrier('if (!oneDied(words, at, parties, held)) return true', 'return true'),
    models: 'barrier, 2 parties, 1 rounds, one dies',
  },
  {
    name: 'those who wait do not look who has died',
    edit: barrier('if (looks && oneDied(words, at, parties, held) && ', 'if (looks && parties === -1 && '),
    models: 'barrier, 2 parties, 1 rounds, one dies',
  },
  {
    name: 'who comes after a full round does not look who has died',
    edit: barrier('if (looks && oneDied(words, at, parties, came) && ', 'if (looks && parties === -1 && '),
    models: 'barrier, the last one dies',
  },
  {
    name: 'a party that took its seat and died is not counted by others',
    edit: barrier(
      '    compareExchange(words, at, came, came + 1)\n    if (taken)',
      '    if (!taken) compareExchange(words, at, came, came + 1)\n    if (taken)',
    ),
    models: 'barrier, 2 parties, 1 rounds, one dies',
  },
  {
    name: 'a seat of the round before is taken for one of this round',
    edit: barrier('return seat !== 0 && (seat & ~agentMask) === tagOf(held)', 'return seat !== 0'),
    models: 'barrier, 2 parties, 2 rounds',
  },
  {
    name: 'a reset that leaves the seats of rounds before',
    edit: barrier('    clearSeats(words, at, parties, held)\n', ''),
    models: 'barrier, reset until',
  },
  {
    name: 'a last one that opens a round that is not its own',
    edit: barrier('    refuseOver(held, came, name)\n    if (compareExchange(', '    if (compareExchange('),
    models: 'barrier, reset while the last',
  },
  {
    name: 'a notification goes to one that came after it',
    edit: {
      file: 'condition.ts',
      find: 'if (given !== before && takeWaking(words, at)) return true',
      replace: 'if (takeWaking(words, at)) return true',
    },
    models: 'condition',
  },
  {
    name: 'who waits releases the mutex before it is counted',
    edit: {
      file: 'condition.ts',
      find: '    const waiting = this.#begin()\n    const guard = lend(this.mutex)\n    try {\n      block(',
      replace:
        '    const guard = lend(this.mutex)\n    const waiting = this.#begin()\n    try {\n      block(',
    },
    models: 'condition',
  },
  {
    name: 'one that gives up does not look whether it was notified',
    edit: {
      file: 'condition.ts',
      find: 'if (waiting === 0) return takeWaking(words, at)',
      replace: 'if (waiting === 0) return false',
    },
    models: 'condition',
  },
  {
    name: 'a reader looks at the gate before it takes its place',
    edit: {
      file: 'rw-lock.ts',
      find: '  const place = takePlace(words, at, count, self)\n  if (place < 0) return -1',
      replace:
        '  if (load(words, at) !== 0) return -1\n  const place = takePlace(words, at, count, self)\n  return place',
    },
    models: 'rw-lock',
  },
  {
    name: 'a writer does not wait for readers',
    edit: {
      file: 'rw-lock.ts',
      find: 'return yield* awaitReaders(words, at, count, self, asking)',
      replace: 'return true',
    },
    models: 'rw-lock',
  },
  {
    name: 'a writer looks at the place first, and then how many have left',
    edit: {
      file: 'rw-lock.ts',
      find: '        const seen = load(words, at + leavings)\n        const reader = load(words, at + firstPlace + place)',
      replace:
        '        const reader = load(words, at + firstPlace + place)\n        const seen = load(words, at + leavings)',
    },
    models: 'rw-lock',
  },
  {
    name: 'a reader that leaves does not tell the writer',
    edit: { file: 'rw-lock.ts', find: '  add(words, at + leavings, 1)\n', replace: '' },
    models: 'rw-lock',
  },
  {
    name: 'a reader does not let the next one in',
    edit: { file: 'rw-lock.ts', find: 'if (waited) passTurn(words, at)', replace: 'if (waited) void at' },
    models: 'rw-lock',
  },
  {
    name: 'a writer that gives up keeps the gate',
    edit: {
      file: 'rw-lock.ts',
      find: '          disown(words, at, self)\n          return false',
      replace: '          return false',
    },
    models: 'rw-lock, a writer',
  },
]
