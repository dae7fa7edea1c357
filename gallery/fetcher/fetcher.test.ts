import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coroutines } from '../../src/index.ts'
import { get } from '../site/get.ts'
import type { Ledger } from '../site/ledger.ts'
import { serve } from '../site/serve.ts'
import { fetchPage } from './tasks.ts'
import { fetcher } from './workload.ts'

test('a page that is not there is told, and does not hurt the others', async () => {
  const { port } = await serve({ kind: 'tree', delayMs: 0 })
  await using pool = coroutines()
  const place = { port, crawl: 'fetcher test' }
  const urls = ['/', '/nowhere', '/0'].map(path => `http://tree.site.test${path}`)
  const pages = await pool.map(
    fetchPage,
    urls.map((url): [string, typeof place] => [url, place]),
  )
  assert.deepEqual(
    pages.map(({ status }) => status),
    [200, 404, 200],
  )
})

test('five pages are asked for at the same time', async () => {
  const { port } = await serve({ kind: 'tree', delayMs: 40 })
  await using pool = coroutines()
  const place = { port, crawl: 'at once' }
  const calls = [0, 1, 2, 3, 4].map((n): [string, typeof place] => [`http://tree.site.test/${n}`, place])
  await pool.map(fetchPage, calls)
  const ledger: Ledger = JSON.parse((await get('http://tree.site.test/.ledger', place)).body)
  assert.equal(ledger.peakInFlight['tree.site.test'], 5)
})

test('a page of other contents does not pass the check', async () => {
  const size = fetcher.sizes.S
  const [first, ...rest] = await fetcher.serial(size)
  assert.ok(first !== undefined && fetcher.check([first, ...rest], size).ok)
  for (const wrong of [{ status: 500 }, { bytes: 1 }, { sha: '0123456789abcdef' }])
    assert.equal(fetcher.check([{ ...first, ...wrong }, ...rest], size).ok, false)
  assert.equal(fetcher.check(rest, size).ok, false)
})
