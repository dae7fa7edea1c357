/**
 * A page as HTML, with its links in the many spellings that real pages have, and traps that are no
 * links.
 */
import type { Page } from './page.ts'

export function htmlOf(page: Page, pages: readonly Page[]): string {
  const links = page.links.map((to, nth) => linkTo((pages[to] as Page).url, page.url, to + nth))
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>
  ${escaped(page.title)}</title>
<script>document.write('<a href="/trap/script">no link</a>')</script>
<style>a::after { content: '<a href="/trap/style">' }</style></head>
<body>
<!-- <a href="/trap/comment">commented out</a> -->
<svg viewBox="0 0 1 1"><title>Not the title</title></svg>
<p>${links.length === 0 ? 'leaf' : 'See:'} <a name="top">here</a>, <a href="mailto:nobody@site.test">write</a>, <a href="#top">up</a>.
${filler}
<ul>
${links.map(link => `<li>${link}`).join('\n')}
</ul>
</body></html>
`
}

/** The same address in one of five spellings. */
function linkTo(url: string, from: string, spelling: number): string {
  const { host, pathname, search } = new URL(url)
  const path = `${pathname}${search}`
  const sameHost = new URL(from).host === host
  switch (spelling % 5) {
    case 0:
      return `<a href="${escaped(url)}">absolute</a>`
    case 1:
      return `<A class=x HREF='HTTP://${host.toUpperCase()}:80${escaped(path)}#part'>in capitals</A>`
    case 2:
      return sameHost
        ? `<a\n  href="${escaped(path)}">from the root</a>`
        : `<a href="//${host}${escaped(path)}">other host</a>`
    case 3:
      return `<a href=${search === '' ? url : `"${escaped(url)}"`} rel=next>bare</a><a href="${escaped(url)}">again</a>`
    default:
      return sameHost
        ? `<a href="  ../${'x/../'.repeat(2)}${'../'.repeat(4)}${escaped(path.slice(1))} ">up and down</a>`
        : `<area href="${escaped(url)}?#">`.replace('?#', '#')
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('–', '&ndash;').replaceAll('"', '&quot;')
}

// Text around the links: what a crawler has to read through.
const filler = `<p>${'Lorem ipsum dolor sit amet, <em>consectetur</em> adipiscing elit &amp; sed do eiusmod. '.repeat(40)}</p>`
