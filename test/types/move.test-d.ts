/** The types of `move`: compiled, not run. What must not compile is marked. */
import { MessageChannel } from 'node:worker_threads'
import { move, task, threads } from '../../src/index.ts'

const pool = threads()
const blur = task(import.meta, (pixels: Uint8Array): Uint8Array => pixels)

// What is moved keeps its type.
const bytes: Uint8Array<ArrayBuffer> = move(new Uint8Array(5))
const view: DataView<ArrayBuffer> = move(new DataView(new ArrayBuffer(8)))
const buffer: ArrayBuffer = move(new ArrayBuffer(8))
const { port1 } = new MessageChannel()
move(port1)
pool.run(blur, move(new Uint8Array(5)))
pool.map(blur, [move(new Uint8Array(5))])

// @ts-expect-error: shared memory is shared, not moved
move(new SharedArrayBuffer(8))
// @ts-expect-error: nor is a view on it
move(new Int32Array(new SharedArrayBuffer(8)))
// @ts-expect-error: whether its memory is shared is not known
move(new Uint8Array(5) as Uint8Array<ArrayBufferLike>)
// @ts-expect-error: text is copied
move('text')
// @ts-expect-error: a record is copied; move the buffers in it
move({ pixels: new Uint8Array(5) })
// @ts-expect-error: nothing is not moved
move(undefined)
// @ts-expect-error: a list is copied; move what is in it
move([new Uint8Array(5)])

void [bytes, view, buffer]
