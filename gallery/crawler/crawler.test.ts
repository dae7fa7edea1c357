import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { coroutines, type Executor, threads } from '../../src/index.ts'
import { get } from '../site/get.ts'
import { serve } from '../site/serve.ts'
import { crawlAsFound } from './crawl-as-found.ts'
import { crawlInBatches } from './crawl-in-batches.ts'
import { crawlSerially } from './crawl-serial.ts'
import type { Harvest } from './harvest.ts'
import { visit } from './visit.ts'
import { type Crawled, crawler } from './workload.ts'

const size = crawler.sizes.S
const perHost = 3
let [pool, workers, port]: [Executor, Executor, number] = [undefined, undefined, 0] as never

before(async () => {
  pool = coroutines()
  workers = threads({ workers: 2 })
  port = (await serve(size.site)).port
})
after(async () => {
  await Promise.all([pool.close(), workers.close()])
})

const forms: Readonly<Record<string, (crawl: string) => Promise<Harvest>>> = {
  'one page after the other': crawl => crawlSerially(size.start, { port, crawl }),
  'as found on this loop': crawl => crawlAsFound(size.start, { port, crawl }, perHost, pool),
  'in batches on this loop': crawl => crawlInBatches(size.start, { port, crawl }, perHost, pool),
  'in batches on threads': crawl => crawlInBatches(size.start, { port, crawl }, perHost, workers),
}

for (const [name, form] of Object.entries(forms)) {
  test(`${name}: all pages, none twice, none that is closed to crawlers, no host crowded, all waits kept`, async () => {
    const { findings, timings } = await form(name)
    assert.deepEqual(findings, size.known)
    const ledger = JSON.parse((await get('http://www.site.test/.ledger', { port, crawl: name })).body)
    assert.deepEqual([ledger.repeated, ledger.trespassed, ledger.unknown, ledger.tooEarly], [[], [], [], []])
    assert.equal(timings.length, ledger.requests)
    for (const [host, peak] of Object.entries<number>(ledger.peakInFlight))
      assert.ok(peak <= perHost, `${host}: ${peak}`)
  })
}

test('a crawl on a loop asks a host for several pages at a time', async () => {
  const crawl = 'several'
  await crawlAsFound(size.start, { port, crawl }, 3, pool)
  const ledger = JSON.parse((await get('http://www.site.test/.ledger', { port, crawl })).body)
  assert.equal(ledger.peakInFlight['www.site.test'], 3)
})

/** A server of our own; `answers` are given in turn, the last one from then on. */
async function withServer<T>(
  answers: readonly (readonly [status: number, headers?: Record<string, string>, body?: string])[],
  body: (place: { port: number; crawl: string }, asked: () => number) => Promise<T>,
): Promise<T> {
  let asked = 0
  const server = createServer((_request, response) => {
    const [status, headers = {}, text = ''] = answers[Math.min(asked, answers.length - 1)] ?? [500]
    asked += 1
    response.writeHead(status, headers).end(text)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    const place = { port: (server.address() as AddressInfo).port, crawl: 'own' }
    return await body(place, () => asked)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('a failure of the server is tried three times, then it is one', () =>
  withServer([[503]], async (place, asked) => {
    const { found, timings } = await visit('http://a.test/', place)
    assert.deepEqual([found, timings.length, asked()], ['failure', 3, 3])
  }))

test('a page that comes at the third try is a page', () =>
  withServer([[500], [502], [200, {}, '<title>There</title>']], async place => {
    const { found, title } = await visit('http://a.test/', place)
    assert.deepEqual([found, title], ['page', 'There'])
  }))

test('a refusal is not a failure: it is waited out, however often it comes', () => {
  const refusals = Array.from({ length: 10 }, () => [429, { 'retry-after-ms': '1' }] as const)
  return withServer([...refusals, [200]], async (place, asked) => {
    assert.equal((await visit('http://a.test/', place)).found, 'page')
    assert.equal(asked(), 11)
  })
})

test('a page that is not there is a failure, and not asked for again', () =>
  withServer([[404]], async (place, asked) => {
    assert.equal((await visit('http://a.test/', place)).found, 'failure')
    assert.equal(asked(), 1)
  }))

test('a redirect leads on, resolved against its own address', () =>
  withServer([[302, { location: '../b?c' }]], async place => {
    const { found, links } = await visit('http://a.test/x/y/z', place)
    assert.deepEqual([found, links], ['redirect', ['http://a.test/x/b?c']])
  }))

test('an abort ends a visit that waits, with the reason', () =>
  withServer([[429, { 'retry-after': '3600' }]], async place => {
    const reason = new Error('enough')
    const controller = new AbortController()
    const visiting = visit('http://a.test/', place, controller.signal)
    controller.abort(reason)
    await assert.rejects(visiting, reason)
  }))

test('a server that is gone fails the crawl instead of hanging it', async () => {
  const gone = await withServer([[200]], async place => place)
  for (const crawl of [
    () => crawlSerially(size.start, gone),
    () => crawlAsFound(size.start, gone, perHost, pool),
    () => crawlInBatches(size.start, gone, perHost, workers),
  ])
    await assert.rejects(crawl(), { code: 'ECONNREFUSED' })
})

test('an impolite crawl does not pass the check, whatever it found', () => {
  const polite: Crawled = {
    findings: size.known,
    timings: [],
    ledger: {
      requests: 60,
      repeated: [],
      trespassed: [],
      unknown: [],
      tooEarly: [],
      limited: 0,
      peakInFlight: { a: size.perHost },
    },
  }
  assert.equal(crawler.check(polite, size).ok, true)
  const changed = (ledger: Partial<Crawled['ledger']>) => ({
    ...polite,
    ledger: { ...polite.ledger, ...ledger },
  })
  for (const fault of ['repeated', 'trespassed', 'unknown', 'tooEarly'] as const)
    assert.equal(crawler.check(changed({ [fault]: ['http://a.test/'] }), size).ok, false, fault)
  assert.equal(crawler.check(changed({ peakInFlight: { a: size.perHost + 1 } }), size).ok, false)
  assert.equal(crawler.check({ ...polite, findings: { ...size.known, pages: 43 } }, size).ok, false)
})
