/** The types of channels and limiters: compiled, not run. What must not compile is marked. */
import { Channel, Limiter, type Receiver, type Results, type Sender, select } from '../../src/index.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

const numbers = new Channel<number>(1)
const words = new Channel<string>(1)

// ── ends ──

const wider: Receiver<number | string> = numbers.receiver
const narrower: Sender<5> = numbers.sender
// @ts-expect-error a receiver of numbers gives no words
const wrong: Receiver<string> = numbers.receiver
// @ts-expect-error a sender of words takes no numbers
const refused: Sender<number> = words.sender
// @ts-expect-error a sender does not receive
numbers.sender.receive()
// @ts-expect-error a receiver does not send
numbers.receiver.send(1)
// @ts-expect-error of another type
numbers.send('one')
same<Awaited<ReturnType<typeof numbers.receive>>, number>(true)
same<ReturnType<typeof numbers.receiver.receiveSync>, number>(true)
// @ts-expect-error of another type
numbers.sender.sendSync('one')
// @ts-expect-error a thread that stands still hears no signal
numbers.receiver.receiveSync({ signal: AbortSignal.timeout(1) })

// ── select ──

const either = select([numbers.receiving(), words.receiving(word => word.length > 1)])
same<Awaited<typeof either>, number | boolean>(true)
const ended = select([numbers.receiving(undefined, () => 'over' as const), undefined, false])
same<Awaited<typeof ended>, number | 'over'>(true)
const otherwise = select([words.sending('a', async () => 1)], { otherwise: () => null })
same<Awaited<typeof otherwise>, number | null>(true)
// @ts-expect-error of another type
words.sending(1)

// ── limiters ──

const limiter = new Limiter(1)
const run = limiter.run(async ({ signal }) => signal.aborted)
same<Awaited<typeof run>, boolean>(true)
const wrapped = limiter.wrap((n: number, unit = 'ms') => `${n}${unit}`)
wrapped(1, 's')
// @ts-expect-error of another type
wrapped('1')
const text: Promise<string> = wrapped(1)
const mapped: Results<string> = limiter.map(new Set([1]), async (n, index) => `${n + index}`)
// @ts-expect-error a promise runs already
limiter.run(Promise.resolve(1))
// @ts-expect-error there is nothing to limit
new Limiter('3')

export { mapped, narrower, refused, text, wider, wrong }
