/** What all plots of the reports have in common, and a plot as a file of its own. */
import type { Chart } from './page.ts'
import type { PageElement } from './page-document.ts'
import { stylesheet } from './stylesheet.ts'

/** What a phone has room for; a wide page shows it larger. */
export const frame = {
  width: 380,
  height: 260,
  marginLeft: 48,
  marginRight: 24,
  marginTop: 28,
  marginBottom: 40,
  style: { background: 'none', color: 'var(--ink)', fontSize: '12px', fontFamily: 'inherit' },
}

/** A name beside a lane or a bar, as long as there is room for. */
export function leftFor(names: readonly string[]): number {
  return Math.min(150, 14 + 6.5 * Math.max(...names.map(name => name.length)))
}

/** As an SVG file that stands by itself: on white, in the colours of the light page. */
export function standalone({ svg }: Chart): string {
  const element: PageElement = svg
  element.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  const text = String(element)
    .replaceAll('background:none', 'background:#ffffff')
    .replaceAll('font-family:inherit', 'font-family:system-ui,sans-serif')
  return `${text.replaceAll(/var\(--([\w-]+)\)/g, (_, name: string) => lightColours.get(name) ?? '#1c2430')}\n`
}

const lightColours: ReadonlyMap<string, string> = new Map(
  [...(stylesheet.split('}', 1)[0] as string).matchAll(/--([\w-]+): (#\w+)/g)].map(([, name, colour]) => [
    name as string,
    colour as string,
  ]),
)
