/**
 * The least that an actor can be on one thread: a function, an array of messages, and a line of
 * those with work that a microtask drains and that lets the loop go on after 512 messages. No
 * names, no supervisor, no bound, no answer but a promise. What atonce adds is measured beside it.
 */

const mostPerTurn = 16
const mostPerDrain = 512

const line: Cell<never>[] = []
let isDraining = false

function drain(): void {
  let count = 0
  for (let at = 0; at < line.length; at += 1) {
    count += (line[at] as Cell<never>).turn()
    if (count >= mostPerDrain) {
      line.splice(0, at + 1)
      setImmediate(drain)
      return
    }
  }
  line.length = 0
  isDraining = false
}

class Cell<M> {
  readonly #behave: (message: M) => void
  #messages: M[] = []
  #next = 0
  #isInLine = false

  constructor(behave: (message: M) => void) {
    this.#behave = behave
  }

  tell(message: M): void {
    this.#messages.push(message)
    this.#getInLine()
  }

  turn(): number {
    this.#isInLine = false
    const count = Math.min(mostPerTurn, this.#messages.length - this.#next)
    for (let n = 0; n < count; n += 1) {
      const message = this.#messages[this.#next] as M
      this.#next += 1
      this.#behave(message)
    }
    if (this.#next === this.#messages.length) {
      this.#messages.length = 0
      this.#next = 0
    } else {
      if (this.#next > 1_024 && 2 * this.#next > this.#messages.length) {
        this.#messages = this.#messages.slice(this.#next)
        this.#next = 0
      }
      this.#getInLine()
    }
    return count
  }

  #getInLine(): void {
    if (this.#isInLine) return
    this.#isInLine = true
    line.push(this as unknown as Cell<never>)
    if (isDraining) return
    isDraining = true
    queueMicrotask(drain)
  }
}

/** Sends by an actor, 1,000 in a turn. */
function feed(count: number, send: () => void, then: () => void): void {
  const feeder: Cell<number> = new Cell(left => {
    const now = Math.min(left, 1_000)
    for (let n = 0; n < now; n += 1) send()
    if (left > now) feeder.tell(left - now)
    else then()
  })
  feeder.tell(count)
}

function until(run: (done: () => void) => void): Promise<void> {
  return new Promise(resolve => run(resolve))
}

type Ping = { readonly left: number; readonly from: Cell<Ping> }

/** Each by its name in programs.ts; returns how many steps there were. */
export const bare: Readonly<Record<string, () => Promise<number>>> = {
  async 'ping-pong'() {
    const steps = 1_000_000
    await until(done => {
      const pong: Cell<Ping> = new Cell(({ left, from }) => from.tell({ left, from: pong }))
      const ping: Cell<Ping> = new Cell(({ left }) =>
        left === 0 ? done() : pong.tell({ left: left - 1, from: ping }),
      )
      ping.tell({ left: steps, from: pong })
    })
    return steps
  },
  async ring() {
    const hops = 1_000_000
    await until(done => {
      const cells: Cell<{ left: number }>[] = Array.from(
        { length: 100 },
        (_, at) =>
          new Cell(({ left }) => (left === 0 ? done() : cells[(at + 1) % 100]?.tell({ left: left - 1 }))),
      )
      cells[0]?.tell({ left: hops })
    })
    return hops
  },
  async counting() {
    let count = 0
    await until(done => {
      const counter = new Cell<{ add: boolean }>(({ add }) => {
        if (add) count += 1
        else done()
      })
      const send = () => counter.tell({ add: true })
      feed(1_000_000, send, () => counter.tell({ add: false }))
    })
    return count
  },
  async 'fork-join-throughput'() {
    await until(done => {
      let working = 60
      const cells = Array.from({ length: 60 }, () => {
        let left = 10_000
        return new Cell<{ work: true }>(() => {
          const sine = Math.sin(37.2)
          if (sine * sine < 0) throw new Error('impossible')
          left -= 1
          if (left === 0) working -= 1
          if (working === 0) done()
        })
      })
      const send = () => {
        for (const cell of cells) cell.tell({ work: true })
      }
      feed(10_000, send, () => {})
    })
    return 600_000
  },
  async ask() {
    const echo = new Cell<{ value: number; answer: (value: number) => void }>(({ value, answer }) =>
      answer(value),
    )
    for (let value = 0; value < 300_000; value += 1)
      await new Promise<number>(answer => echo.tell({ value, answer }))
    return 300_000
  },
}
