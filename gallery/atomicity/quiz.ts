/**
 * Four lines of code that look like one step: can anything come between? `node
 * gallery/atomicity/quiz.ts`.
 *
 * Each question is answered by running it: on the event loop in the one order in which it can go
 * wrong, on shared memory in every order there is (`explore`).
 */
import { AtomicCounter } from '../../src/sync.ts'
import { explore } from '../../src/testing.ts'

export interface Question {
  readonly code: string
  readonly asks: string
  /** What it would be if nothing came between. */
  readonly expected: number
  /** All that it can be. */
  readonly seen: () => Promise<readonly number[]>
  readonly lesson: string
}

export const quiz: readonly Question[] = [
  {
    code: 'x += await one()',
    asks: 'two callers on one event loop',
    expected: 2,
    async seen() {
      let x = 0
      const one = async () => 1
      const caller = async () => {
        x += await one()
      }
      await Promise.all([caller(), caller()])
      return [x]
    },
    lesson: 'x is read before the await and written after it. Write: const n = await one(); x += n',
  },
  {
    code: 'array[0]++',
    asks: 'two threads, on shared memory',
    expected: 2,
    async seen() {
      return ends(counter => {
        counter.value += 1
      })
    },
    lesson:
      'It reads, and then it writes; another thread may come between. Hold a Mutex, or use Atomics.add.',
  },
  {
    code: 'Atomics.add(array, 0, 1)',
    asks: 'two threads, on shared memory',
    expected: 2,
    seen: async () => ends(counter => void counter.add(1)),
    lesson: 'One step: nothing comes between, and nothing is lost.',
  },
  {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the question.
    code: '`${account.balance}`',
    asks: 'a getter that counts its readers, read twice in one template',
    expected: 1,
    async seen() {
      let reads = 0
      const account = {
        get balance() {
          reads += 1
          return reads
        },
      }
      return [Number(`${account.balance}${account.balance}`.at(-1))]
    },
    lesson:
      'A property can be a function: even a line without a call may run code that changes what it reads.',
  },
]

/** What a counter can hold after two threads have done this to it. */
function ends(step: (counter: AtomicCounter) => void): readonly number[] {
  const counter = new AtomicCounter()
  const found = new Set<number>()
  explore({
    threads: () => [() => step(counter), () => step(counter)],
    check: () => void found.add(counter.value),
  })
  return [...found].sort()
}

if (import.meta.main) {
  for (const { code, asks, expected, seen, lesson } of quiz)
    console.log(
      `${code}   (${asks})\n    hoped for: ${expected}; can be: ${(await seen()).join(' or ')}\n    ${lesson}\n`,
    )
}
