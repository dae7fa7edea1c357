/**
 * The fixture site's own process: serves one site on 127.0.0.1, all hosts on one port, told apart
 * by the Host header.
 *
 *     parent ── argv: the site's name ─▶ server
 *     parent ◀─ stdout: the port, one line ── server
 *     parent ── the end of stdin ─▶ server ends: it never outlives who started it
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Account } from './ledger.ts'
import type { Page, SiteName } from './page.ts'
import { htmlOf } from './render.ts'
import { siteOf } from './site.ts'

const { pages, robots, rate } = siteOf(JSON.parse(process.argv[2] ?? '') as SiteName)
const pageAt = new Map(pages.map(page => [page.url, page]))
const bodies = new Map(pages.map(page => [page, htmlOf(page, pages)]))
const redirectCodes = [301, 302, 307, 308]
/**
 * One for each crawl, by the name that it gives in the header `x-crawl`; taken away when it is
 * read.
 */
const accounts = new Map<string, Account>()

const server = createServer(answer)
// A connection that waits for its next request is not closed: a request could be on its way.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
process.stdin.on('end', () => process.exit()).resume()

function answer(request: IncomingMessage, response: ServerResponse): void {
  const crawl = String(request.headers['x-crawl'] ?? '')
  const host = String(request.headers.host)
  if (request.url === '/.ledger') return sendLedger(crawl, response)
  if (request.url === '/robots.txt') return sendRobots(host, response)
  const account = accounts.get(crawl) ?? new Account()
  accounts.set(crawl, account)
  const url = `http://${host}${request.url}`
  const page = pageAt.get(url)
  const tries = account.began(url, host, performance.now())
  if (page === undefined) {
    account.missed(url)
    account.ended(url, host, true)
    response.writeHead(404).end()
    return
  }
  if (page.disallowed) account.trespassed(url)
  const waitMs = rate?.host === host ? account.meter(url, rate, performance.now()) : 0
  if (waitMs > 0) {
    account.ended(url, host, false)
    // Whole seconds are all that the standard header can say (RFC 9110, 10.2.3); the other one is
    // exact.
    response
      .writeHead(429, { 'retry-after': String(Math.ceil(waitMs / 1_000)), 'retry-after-ms': waitMs })
      .end()
    return
  }
  setTimeout(() => {
    account.ended(url, host, sendPage(page, tries, response))
  }, page.delayMs)
}

/** Returns whether the answer is one that need not be asked for again. */
function sendPage(page: Page, tries: number, response: ServerResponse): boolean {
  if (page.kind === 'broken' || (page.kind === 'flaky' && tries === 1)) {
    response.writeHead(500).end('out of order')
    return false
  }
  if (page.kind === 'redirect') {
    const to = pages[page.links[0] as number] as Page
    response.writeHead(redirectCodes[pages.indexOf(page) % 4] as number, { location: to.url }).end()
    return true
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(bodies.get(page))
  return true
}

function sendRobots(host: string, response: ServerResponse): void {
  const text = robots.get(host)
  if (text === undefined) response.writeHead(404).end()
  else response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
}

function sendLedger(crawl: string, response: ServerResponse): void {
  const { ledger } = accounts.get(crawl) ?? new Account()
  accounts.delete(crawl)
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ledger))
}
