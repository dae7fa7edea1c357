/** An HTML document outside of a browser. */
import { parseHTML } from 'linkedom'

/**
 * The part of the DOM that the report uses. Node has no DOM types, and its programs should not see
 * a `window`.
 */
export interface PageElement {
  setAttribute(name: string, value: string): void
  /** Strings become text, never markup. */
  append(...children: (PageElement | string)[]): void
}

export interface PageDocument {
  readonly head: PageElement
  readonly body: PageElement
  createElement(name: string): PageElement
  /** The document as HTML. */
  toString(): string
}

export function emptyDocument(): PageDocument {
  const { document } = parseHTML('<!doctype html><html lang="en"><head></head><body></body></html>')
  return document as unknown as PageDocument
}
