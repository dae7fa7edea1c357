/**
 * A stock ticker whose reporter has a bug that strikes now and then: its supervisor starts it anew,
 * and it subscribes again.
 *
 *     Exchange ─ a price for each tick ─▶ Reporter ─ fails at every 50th tick ─▶ supervisor ─▶ a new Reporter
 */
import { actor, type Ref, supervisor } from '../../src/actors.ts'
import { mulberry32 } from '../generators/mulberry32.ts'

export const Exchange = actor(
  import.meta,
  class Exchange {
    readonly #random = mulberry32(1)
    #price = 10_000

    /** Moves the price and tells it, so often. */
    trade(ticks: number, to: Ref<InstanceType<typeof Reporter>>): void {
      for (let tick = 1; tick <= ticks; tick += 1) {
        this.#price += this.#random() < 0.5 ? -1 : 1
        to.tell.report(tick, this.#price)
      }
    }
  },
)

/** What it has reported is kept by another actor, as its own state is gone with each failure. */
export const Paper = actor(
  import.meta,
  class Paper {
    #ticks = 0
    #last = 0

    print(price: number): void {
      this.#ticks += 1
      this.#last = price
    }

    read(): { readonly ticks: number; readonly last: number } {
      return { ticks: this.#ticks, last: this.#last }
    }
  },
)

export const Reporter = actor(
  import.meta,
  class Reporter {
    readonly #paper: Ref<InstanceType<typeof Paper>>

    constructor(paper: Ref<InstanceType<typeof Paper>>) {
      this.#paper = paper
    }

    report(tick: number, price: number): void {
      if (tick % 50 === 0) throw new Error(`can't read tick ${tick}`)
      this.#paper.tell.print(price)
    }

    done(): void {}
  },
)

/** Returns what the paper holds in the end, and how often the reporter failed. */
export async function market(ticks: number): Promise<{ ticks: number; last: number; failures: number }> {
  let failures = 0
  await using tree = supervisor({
    name: 'market',
    maxRestarts: ticks,
    onFailure() {
      failures += 1
    },
  })
  const paper = await tree.start(Paper, [])
  const reporter = await tree.start(Reporter, [paper])
  const exchange = await tree.start(Exchange, [])
  await exchange.ask.trade(ticks, reporter)
  await reporter.with({ timeoutMs: 60_000 }).ask.done()
  return { ...(await paper.ask.read()), failures }
}

if (import.meta.main) {
  const { ticks, last, failures } = await market(2_000)
  console.log(`${ticks} of 2000 ticks printed, ${failures} lost with a failure each, the last price ${last}`)
}
