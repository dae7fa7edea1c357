import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { get } from './get.ts'
import type { Ledger } from './ledger.ts'
import { serve } from './serve.ts'
import { siteOf } from './site.ts'

const name = { kind: 'graph', seed: 33, pages: 60, pace: 4 } as const
const { pages, rate } = siteOf(name)
const { port } = await serve(name)

function pageWhere(wanted: (page: (typeof pages)[number]) => boolean): string {
  return pages.find(wanted)?.url ?? assert.fail('The site has no such page.')
}

async function ledgerOf(crawl: string): Promise<Ledger> {
  return JSON.parse((await get('http://www.site.test/.ledger', { port, crawl })).body)
}

test('a site is served by one process, whoever asks for it', async () => {
  assert.equal(await serve({ ...name }), await serve(name))
  assert.notEqual((await serve(name)).pid, process.pid)
})

test('a flaky page fails once in each crawl, a broken one always', async () => {
  const statuses = async (url: string, crawl: string) => {
    const [first, second] = [await get(url, { port, crawl }), await get(url, { port, crawl })]
    return [first.status, second.status]
  }
  const flaky = pageWhere(({ kind }) => kind === 'flaky')
  assert.deepEqual(await statuses(flaky, 'one'), [500, 200])
  assert.deepEqual(await statuses(flaky, 'two'), [500, 200])
  assert.deepEqual(
    await statuses(
      pageWhere(({ kind }) => kind === 'broken'),
      'three',
    ),
    [500, 500],
  )
})

test('a redirect says where to', async () => {
  const place = pages.findIndex(({ kind }) => kind === 'redirect')
  const { status, location } = await get(pages[place]?.url as string, { port, crawl: 'redirect' })
  assert.ok([301, 302, 307, 308].includes(status))
  assert.equal(location, pages[pages[place]?.links[0] as number]?.url)
})

test('more requests than the rate are refused, and told when to come back', async () => {
  const metered = pages.filter(({ url }) => url.startsWith('http://metered.'))
  assert.ok(rate !== undefined && metered.length > rate.requests)
  const answers = await Promise.all(metered.map(({ url }) => get(url, { port, crawl: 'rate' })))
  const refused = answers.filter(({ status }) => status === 429)
  assert.ok(refused.length > 0 && refused.length <= metered.length - rate.requests)
  for (const { retryAfterMs = 0 } of refused) assert.ok(retryAfterMs > 0 && retryAfterMs <= rate.windowMs)
})

test('the ledger tells of repeats, trespass, unknown pages, impatience and crowds', async () => {
  const crawl = 'rude'
  const plain = pageWhere(({ kind, disallowed }) => kind === 'plain' && !disallowed)
  const closed = pageWhere(({ disallowed }) => disallowed)
  const metered = pages.filter(({ url }) => url.startsWith('http://metered.')).map(({ url }) => url)
  await Promise.all([get(plain, { port, crawl }), get(plain, { port, crawl })])
  for (const url of [plain, closed, 'http://www.site.test/nowhere']) await get(url, { port, crawl })
  const impatient = await Promise.any(
    metered.map(async url => {
      const { status } = await get(url, { port, crawl })
      assert.equal(status, 429)
      return url
    }),
  )
  await get(impatient, { port, crawl })
  const ledger = await ledgerOf(crawl)
  assert.deepEqual(ledger.repeated, [plain])
  assert.equal(ledger.trespassed.includes(closed), true)
  assert.deepEqual(ledger.unknown, ['http://www.site.test/nowhere'])
  assert.deepEqual(ledger.tooEarly, [impatient])
  assert.equal(ledger.peakInFlight['www.site.test'], 2)
})

test('a ledger is given out once', async () => {
  await get(
    pageWhere(() => true),
    { port, crawl: 'once' },
  )
  assert.equal((await ledgerOf('once')).requests, 1)
  assert.equal((await ledgerOf('once')).requests, 0)
})

test('an aborted request ends with the reason', async () => {
  const reason = new Error('enough')
  const controller = new AbortController()
  const asked = get(
    pageWhere(() => true),
    { port, crawl: 'aborted' },
    controller.signal,
  )
  controller.abort(reason)
  await assert.rejects(asked, reason)
})

test('the server ends when the program that started it does, however that ends', async () => {
  const starter = `
    import { serve } from ${JSON.stringify(new URL('./serve.ts', import.meta.url).href)}
    const { pid } = await serve(${JSON.stringify(name)})
    console.log(pid)
    setInterval(() => {}, 1_000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', starter], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  const pid = Number(String(line))
  assert.ok(isAlive(pid))
  child.kill('SIGKILL')
  await once(child, 'exit')
  await gone(pid)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Resolves when the process has ended; each question gives the loop a turn. */
async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await turn()
}
