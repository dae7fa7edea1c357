import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRobots, withoutRobots } from './robots.ts'

function allows(lines: readonly string[], path: string): boolean {
  return readRobots(lines.join('\n'), 'Good-Bot')(path)
}

test('without a rule that matches, all is open', () => {
  assert.equal(allows([], '/'), true)
  assert.equal(allows(['User-agent: *', 'Disallow: /a'], '/b'), true)
  assert.equal(allows(['User-agent: *', 'Disallow:'], '/'), true)
})

test('the longest rule that matches decides, and of two as long the one that allows', () => {
  const rules = ['User-agent: *', 'Disallow: /shop', 'Allow: /shop/open', 'Disallow: /x', 'Allow: /x']
  assert.equal(allows(rules, '/shop/closed'), false)
  assert.equal(allows(rules, '/shop/open/1'), true)
  assert.equal(allows(rules, '/x'), true)
})

test('rules for everyone hold only for crawlers that no group names', () => {
  const rules = ['User-agent: *', 'Disallow: /', '', 'User-agent: good-bot', 'Disallow: /private']
  assert.equal(allows(rules, '/'), true)
  assert.equal(allows(rules, '/private'), false)
  assert.equal(readRobots(rules.join('\n'), 'other')('/'), false)
})

test('groups of the same name are one, and a group may have several names', () => {
  const rules = [
    'User-agent: a',
    'User-agent: GOOD-bot',
    'Disallow: /1',
    'User-agent: b',
    'Disallow: /2',
    'User-agent: good-bot',
    'Disallow: /3',
  ]
  assert.deepEqual(
    ['/1', '/2', '/3'].map(path => allows(rules, path)),
    [false, true, false],
  )
})

test('other records end no group', () => {
  const rules = [
    'User-agent: a',
    'Crawl-delay: 1',
    'User-agent: good-bot',
    'Sitemap: http://x/',
    'Disallow: /',
  ]
  assert.equal(allows(rules, '/'), false)
})

test('a star stands for any characters, a dollar at the end for the end', () => {
  const rules = ['User-agent: *', 'Disallow: /*.print$', 'Disallow: /a*b*c', 'Disallow: /only$']
  const open = [
    '/1.print',
    '/1.print?x',
    '/print',
    '/a1b2c3',
    '/acb',
    '/only',
    '/only/this',
    '/x.print.print',
  ]
  assert.deepEqual(
    open.map(path => allows(rules, path)),
    [false, true, true, false, true, false, true, false],
  )
})

test('a pattern of many stars takes no longer than the path is long', () => {
  const rules = ['User-agent: *', `Disallow: /${'*a'.repeat(500)}$`]
  assert.equal(allows(rules, `/${'a'.repeat(20_000)}b`), true)
})

test('the same address in another coding is the same address', () => {
  const rules = ['User-agent: *', 'Disallow: /%70rivate/', 'Disallow: /ä', 'Disallow: /a%2fb']
  assert.equal(allows(rules, '/private/1'), false)
  assert.equal(allows(rules, '/%C3%A4'), false)
  assert.equal(allows(rules, '/a%2Fb'), false)
  assert.equal(allows(rules, '/a/b'), true)
})

test('byte order mark, comments, spaces, line ends of all kinds and nonsense do no harm', () => {
  const text = '\uFEFF # hello\r\n  USER-AGENT :  *  # all\rdisallow:/a#b\n\u0000???\n:\nAllow /a\n'
  const rules = readRobots(text, 'good-bot')
  assert.deepEqual([rules('/a'), rules('/b')], [false, true])
})

test('robots.txt itself may always be read', () => {
  assert.equal(allows(['User-agent: *', 'Disallow: /'], '/robots.txt'), true)
})

test('a host without robots.txt is open; one that fails to say is closed', () => {
  assert.equal(withoutRobots(404)('/'), true)
  assert.equal(withoutRobots(503)('/'), false)
})
