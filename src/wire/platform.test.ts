/** What of the platform's own things crosses, and that each cure of a refusal leads on. */
import assert from 'node:assert/strict'
import * as crypto from 'node:crypto'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { BlockList, SocketAddress } from 'node:net'
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { shareable } from '../declared/shareable.ts'
import { SerializationError } from '../errors.ts'
import { move } from '../task/transfer.ts'
import { type Crossing, decode, encode, encodeNow } from './codec.ts'

const toThread: Crossing = { sharedMemory: true, maxPayloadBytes: 2 ** 20 }
const toProcess: Crossing = { sharedMemory: false, maxPayloadBytes: 2 ** 20 }

/** The value after its journey to another thread. */
async function arrived(value: unknown, ready: typeof encode): Promise<unknown> {
  const { value: copy, special, transfer } = ready({ part: [value] }, 'args', toThread)
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(copy, transfer)
  const [message] = await once(port2, 'message')
  port1.close()
  return (decode(message, special) as { part: unknown[] }).part[0]
}

function refusal(value: unknown, crossing: Crossing): SerializationError {
  try {
    encode([value], 'args', crossing)
  } catch (error) {
    if (error instanceof SerializationError) return error
    throw error
  }
  assert.fail('It was not refused.')
}

const { publicKey, privateKey } = crypto.generateKeyPairSync('ed25519')
const secret = crypto.createSecretKey(Buffer.alloc(32, 7))
const cryptoKey = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt'])
const blockList = new BlockList()
blockList.addAddress('10.1.2.3')
const histogram = createHistogram()
histogram.record(5)
const address = new SocketAddress({ address: '10.1.2.3', port: 80 })

/**
 * Each: what is copied, how its copy is known, and what the refusal says to pass to another
 * process.
 */
const copied: Record<string, [value: object, isCopy: (copy: never) => unknown, instead: () => unknown]> = {
  Blob: [
    new Blob(['abc']),
    async (copy: Blob) => (await copy.text()) === 'abc',
    () => new Blob(['abc']).arrayBuffer(),
  ],
  File: [
    new File(['abc'], 'a.txt'),
    async (copy: File) => copy.name === 'a.txt' && (await copy.text()) === 'abc',
    async () => [await new File(['abc'], 'a.txt').arrayBuffer(), 'a.txt'],
  ],
  SecretKeyObject: [secret, (copy: crypto.KeyObject) => copy.equals(secret), () => secret.export()],
  PublicKeyObject: [
    publicKey,
    (copy: crypto.KeyObject) => copy.equals(publicKey),
    () => publicKey.export({ type: 'spki', format: 'der' }),
  ],
  PrivateKeyObject: [
    privateKey,
    (copy: crypto.KeyObject) => copy.equals(privateKey),
    () => privateKey.export({ type: 'pkcs8', format: 'der' }),
  ],
  CryptoKey: [
    cryptoKey,
    (copy: crypto.webcrypto.CryptoKey) => copy.algorithm.name === 'AES-GCM',
    () => crypto.subtle.exportKey('jwk', cryptoKey),
  ],
  BlockList: [blockList, (copy: BlockList) => copy.check('10.1.2.3'), () => blockList.rules],
  SocketAddress: [
    address,
    (copy: SocketAddress) => copy.address === '10.1.2.3' && copy.port === 80,
    () => ({ address: address.address, port: address.port, family: address.family }),
  ],
  RecordableHistogram: [
    histogram,
    (copy: typeof histogram) => copy.max >= 5,
    () => ({ mean: histogram.mean, max: histogram.max }),
  ],
  ELDHistogram: [
    monitorEventLoopDelay({ resolution: 1_000 }),
    (copy: typeof histogram) => typeof copy.percentile(99) === 'number',
    () => ({ mean: histogram.mean, max: histogram.max }),
  ],
}

for (const [name, [value, isCopy, instead]] of Object.entries(copied)) {
  test(`between threads a ${name} is copied; another process gets what the refusal says`, async () => {
    for (const ready of [encode, encodeNow]) assert.ok(await isCopy((await arrived(value, ready)) as never))
    const { path, message } = refusal(value, toProcess)
    assert.equal(path, 'args[0]')
    assert.match(message, new RegExp(`is a ${name}, which goes to no other process\\. Pass `))
    encode(await instead(), 'args', toProcess)
  })
}

test('a class of the program that bears the name of one of the platform is refused as others are', () => {
  class Blob {
    size = 1
  }
  class Named extends globalThis.Blob {}
  assert.match(refusal(new Blob(), toThread).message, /is an instance of Blob/)
  assert.match(refusal(new Named([]), toThread).message, /is an instance of Named/)
})

test('a stream and its far end work after the move; one that is not to be moved is refused', async () => {
  const words = () => ReadableStream.from(['a', 'b'])
  const stream = words()
  const far = (await arrived(move(stream), encode)) as ReadableStream
  assert.deepEqual(await Array.fromAsync(far), ['a', 'b'])
  assert.match(refusal(words(), toThread).message, /is a ReadableStream, which can only be moved\. Wrap it/)
  assert.match(refusal(move(words()), toProcess).message, /goes to no other process/)
})

class Early {
  x = 1
}
class Hiding {
  #x = 1
  get x(): number {
    return this.#x
  }
}

/** What is refused everywhere, a word of the cure, and the cure followed. */
const cures: readonly (readonly [object, RegExp, () => unknown])[] = [
  [new URL('http://a.b/'), /Pass url\.href/, () => new URL('http://a.b/').href],
  [new URLSearchParams('a=b'), /Pass String\(params\)/, () => String(new URLSearchParams('a=b'))],
  [new Headers({ a: 'b' }), /Pass \[\.\.\.headers\]/, () => [...new Headers({ a: 'b' })]],
  [new FormData(), /Pass \[\.\.\.form\]/, () => [...new FormData()]],
  [
    new Response('a'),
    /await response\.arrayBuffer\(\)/,
    async () => [200, await new Response('a').arrayBuffer()],
  ],
  [
    new Request('http://a.b/'),
    /Pass request\.url and await request\.arrayBuffer\(\)/,
    async () => ['http://a.b/', await new Request('http://a.b/').arrayBuffer()],
  ],
  [
    await stat('.'),
    /Pass what you need of it: \{ size: stats\.size/,
    async () => ({ size: (await stat('.')).size }),
  ],
  [process.env, /Pass a plain object: \{ \.\.\.it \}/, () => ({ ...process.env })],
  [Promise.resolve(1), /Await it first/, () => Promise.resolve(1)],
  [new Early(), /or pass a plain object: \{ \.\.\.early \}/, () => ({ ...new Early() })],
  [
    new Hiding(),
    /shareable\(import\.meta, Hiding, \{ pack, unpack \}\)/,
    () => {
      shareable(import.meta, Hiding, { pack: ({ x }) => x, unpack: () => new Hiding() })
      return new Hiding()
    },
  ],
  [
    new Early(),
    /Make the class shareable: shareable\(import\.meta, Early\)/,
    () => {
      shareable(import.meta, Early)
      return new Early()
    },
  ],
]

for (const [value, words, cure] of cures) {
  test(`the cure leads on: ${words.source}`, async () => {
    assert.match(refusal(value, toThread).message, words)
    const { value: copy } = encode(await cure(), 'args', toThread)
    structuredClone(copy)
  })
}
