/**
 * Which pages a host asks crawlers to leave alone (RFC 9309, "Robots Exclusion Protocol", 2022).
 */

/** Whether a path (with its query) may be asked for. */
export type Allows = (path: string) => boolean

interface Rule {
  readonly allow: boolean
  readonly pattern: string
}

// A parser must read 500 KiB; what a host writes beyond that is not read (2.5).
const mostCharacters = 512_000

/**
 * Reads a robots.txt for the crawler whose product token is `agent`. Lines that it can't read say
 * nothing.
 */
export function readRobots(text: string, agent: string): Allows {
  const rules = rulesFor(groupsOf(text.slice(0, mostCharacters)), agent.toLowerCase())
  return path => path === '/robots.txt' || isAllowed(rules, normal(path))
}

/**
 * What the answer to `GET /robots.txt` means where it has no text to read (2.3.1): 4xx leaves all
 * open, 5xx nothing.
 */
export function withoutRobots(status: number): Allows {
  return () => status >= 400 && status < 500
}

interface Group {
  readonly agents: string[]
  readonly rules: Rule[]
}

function groupsOf(text: string): Group[] {
  const groups: Group[] = []
  let takesAgents = false
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const [, key = '', value = ''] = /^\s*([\w-]+)\s*:\s*(.*?)\s*$/.exec(line.replace(/#.*/, '')) ?? []
    const word = key.toLowerCase()
    if (word === 'user-agent') {
      if (!takesAgents) groups.push({ agents: [], rules: [] })
      groups.at(-1)?.agents.push(value.toLowerCase())
      takesAgents = true
    } else if (word === 'allow' || word === 'disallow') {
      takesAgents = false
      if (value !== '') groups.at(-1)?.rules.push({ allow: word === 'allow', pattern: normal(value) })
    }
    // Other records, as Sitemap, belong to no group and end none (2.2.4).
  }
  return groups
}

/** The rules of all groups that name the crawler, or else of all groups for everyone (2.2.1). */
function rulesFor(groups: readonly Group[], agent: string): Rule[] {
  const named = groups.filter(({ agents }) => agents.includes(agent))
  const chosen = named.length > 0 ? named : groups.filter(({ agents }) => agents.includes('*'))
  return chosen.flatMap(({ rules }) => rules)
}

/** The longest pattern that matches decides; of two as long, the one that allows (2.2.2). */
function isAllowed(rules: readonly Rule[], path: string): boolean {
  let decisive: Rule | undefined
  for (const rule of rules) {
    if (!matches(rule.pattern, path)) continue
    const longer = rule.pattern.length - (decisive?.pattern.length ?? -1)
    if (longer > 0 || (longer === 0 && rule.allow)) decisive = rule
  }
  return decisive?.allow ?? true
}

/**
 * `*` stands for any characters, `$` at the end for the end. No regular expression: many `*` would
 * make it slow.
 */
function matches(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$')
  const [start = '', ...parts] = (anchored ? pattern.slice(0, -1) : pattern).split('*')
  if (!path.startsWith(start)) return false
  let from = start.length
  // The last part of an anchored pattern has to be found at the end, not at the first place where
  // it stands.
  const last = anchored ? parts.pop() : undefined
  for (const part of parts) {
    const found = path.indexOf(part, from)
    if (found === -1) return false
    from = found + part.length
  }
  if (!anchored) return true
  return last === undefined ? from === path.length : path.length - last.length >= from && path.endsWith(last)
}

/** One spelling for addresses that are the same: `%70` is `p`, `ä` is `%C3%A4` (2.2.2). */
function normal(path: string): string {
  return path
    .replace(/[^\x20-\x7e]+/gu, other => encodeURIComponent(other.toWellFormed()))
    .replace(/%[0-9a-f]{2}/gi, coded => {
      const character = String.fromCharCode(Number.parseInt(coded.slice(1), 16))
      return /[\w.~-]/.test(character) ? character : coded.toUpperCase()
    })
}
