/** What a crawler wants of an HTML page: its title and where it links to. */
import { Parser } from 'htmlparser2'

export interface ReadPage {
  readonly title: string
  /** Addresses of http pages, each once, without the part after `#`, in the order of the page. */
  readonly links: readonly string[]
}

/**
 * Reads HTML as forgiving as browsers do; `url` is where the page was found, for links that are
 * relative to it.
 */
export function readPage(html: string, url: string): ReadPage {
  const links = new Set<string>()
  let base = url
  let title: string | undefined
  let [inTitle, inPicture] = [false, 0]
  const parser = new Parser({
    onopentag(name, { href }) {
      if (name === 'svg') inPicture += 1
      else if (name === 'title') inTitle = title === undefined && inPicture === 0
      if (href === undefined) return
      if (name === 'base') base = resolved(href, url) ?? base
      if (name === 'a' || name === 'area') {
        const link = resolved(href, base)
        if (link !== undefined) links.add(link)
      }
    },
    ontext(text) {
      if (inTitle) title = `${title ?? ''}${text}`
    },
    onclosetag(name) {
      if (name === 'svg') inPicture -= 1
      if (name === 'title') inTitle = false
    },
  })
  parser.end(html)
  links.delete(url)
  return { title: (title ?? '').replace(/\s+/g, ' ').trim(), links: [...links] }
}

/** The whole address of an http page, or undefined for what is none. */
function resolved(href: string, base: string): string | undefined {
  const link = URL.parse(href, base)
  if (link === null || !/^https?:$/.test(link.protocol)) return undefined
  link.hash = ''
  return link.href
}
