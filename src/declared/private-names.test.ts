/** Private names are found in a class's text, and nowhere else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { privateNameOf } from './private-names.ts'

class WithField {
  #hidden = 1
  show(): number {
    return this.#hidden
  }
}
class WithMethod {
  async *#rows(): AsyncGenerator<number> {}
  show(): unknown {
    return this.#rows()
  }
}
class Below extends WithField {
  own = 1
}
class OfTheClass {
  own = 1
  static #made = 0
  static async #count(): Promise<number> {
    return OfTheClass.#made
  }
  static count(): Promise<number> {
    return OfTheClass.#count()
  }
}
class InText {
  colour = '#fff'
  // this.#comment and /* #nested */
  pattern: RegExp = /[/'"]#tag/
  shown = `#a ${'#b' + `#c`} #d`
  /* #block */
  find(text: string): boolean {
    return /'#x/.test(text) || 6 / 2 > 1 || /"#y/.test(text)
  }
}

test('a private field or method of an instance is found, in a superclass too', () => {
  assert.equal(privateNameOf(WithField), '#hidden')
  assert.equal(privateNameOf(WithMethod), '#rows')
  assert.equal(privateNameOf(Below), '#hidden')
})

test('what only the class itself has is none of its instances', () => {
  assert.equal(privateNameOf(OfTheClass), undefined)
})

test('strings, templates, patterns and comments hold no private names', () => {
  assert.equal(privateNameOf(InText), undefined)
})

test('a private name after such text is found', () => {
  class After extends InText {
    template = `${'`'} ${`}`}`
    #late = /[#'"]/
    get late(): RegExp {
      return this.#late
    }
  }
  assert.equal(privateNameOf(After), '#late')
})
