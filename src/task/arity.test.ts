/** How many parameters a function declares, whatever stands in its parameter list. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parameterCount } from './arity.ts'

/**
 * Default values with everything in them that could be taken for a comma, or for the end of the
 * list.
 */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: they are source text
const defaults = [
  '1',
  '","',
  "')'",
  '"\\")"',
  '`, ${[1, 2].join(")")} )`',
  '`${`,`}, ${`${"`"}`}`',
  '`${{ a: 1 }.a}`',
  '[1, 2, [3, 4]]',
  '{ a: 1, b: { c: 2 } }',
  '(1, 2)',
  '((a, b) => ({ a, b }))',
  'function (a, b) { return [a, b] }',
  'Math.max(1, 2)',
  '/[,)"\'`]/',
  '/\\/,/g.source',
  '/[/,]/.test(")")',
  '8 / 2 / 1',
  '[8][0] / 2',
  '(8) / 2 // , )\n',
  '/* , ) */ 5',
  '(x => /,/.test(x))',
  'async y => y',
  '"a" in { a: 1 }',
  '-1',
]
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: they are source text

const parameter = fc.oneof(
  fc.record({ kind: fc.constant('bare'), value: fc.constant('') }),
  fc.record({ kind: fc.constant('default'), value: fc.constantFrom(...defaults) }),
  fc.record({ kind: fc.constantFrom('object', 'list'), value: fc.constantFrom('', ...defaults) }),
)
const gap = fc.constantFrom('', ' ', '\n', '/* , */', '// ) ,\n')
const forms = [
  'function',
  'named',
  'arrow',
  'async',
  'async arrow',
  'generator',
  'method',
  'computed',
  'async method',
]

function source(form: string, list: string): string {
  switch (form) {
    case 'function':
      return `function (${list}) {}`
    case 'named':
      return `function named /* ( */ (${list}) { return [1, 2] }`
    case 'async':
      return `async function (${list}) {}`
    case 'generator':
      return `function* (${list}) {}`
    case 'arrow':
      return `(${list}) => ({})`
    case 'async arrow':
      return `async (${list}) => {}`
    case 'method':
      return `({ method(${list}) {} }).method`
    case 'async method':
      return `({ async *method(${list}) {} }).method`
    default:
      return `({ [["(", ","].join(")")](${list}) {} })["()," ]`
  }
}

test('every parameter counts once, whatever its form and its default value; a rest parameter counts as two', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...forms),
      fc.array(fc.tuple(parameter, gap, gap), { maxLength: 4 }),
      fc.boolean(),
      fc.boolean(),
      (form, parameters, rest, trailing) => {
        const list = parameters.map(([{ kind, value }, before, after], at) => {
          const inner = value === '' ? '' : ` = ${value}`
          const text = {
            bare: `p${at}`,
            default: `p${at} = ${value}`,
            object: `{ p${at}${inner}, q${at}: r${at} = 1 } = {}`,
            list: `[p${at}${inner}, , q${at} = 2] = []`,
          }[kind]
          return `${before}${text}${after}`
        })
        if (rest) list.push(' ...others')
        const written = list.join(',') + (trailing && !rest && list.length > 0 ? ',' : '')
        const fn = new Function(`return ${source(form, written)}`)() as Function
        assert.equal(typeof fn, 'function')
        assert.equal(parameterCount(fn), parameters.length + (rest ? 2 : 0), String(fn))
      },
    ),
    { numRuns: 1_000 },
  )
})

test('an arrow function of one bare name has one parameter', () => {
  assert.equal(
    parameterCount((x: number) => [x, x]),
    1,
  )
  // As the formatter would not leave them.
  for (const text of ['x => x', 'async x => [x, x]', 'async => async', '_ => (_, 1)', '$ /* , */ => $'])
    assert.equal(parameterCount(new Function(`return ${text}`)()), 1, text)
})

test('where there is no text to read, the function’s own length counts', () => {
  assert.equal(parameterCount(Math.max), 2)
  assert.equal(parameterCount(Number.parseFloat), 1)
  assert.equal(parameterCount(((a: number, b = 1) => a + b).bind(null)), 1)
  assert.equal(parameterCount(new Proxy((a: number) => a, {})), 1)
  assert.equal(parameterCount(class {}), 0)
})

test('the text of a TypeScript function is read without its types', () => {
  function typed(
    this: void,
    a: Map<string, [number, number]>,
    b: (x: number, y: number) => void = () => {},
  ): void {
    b(a.size, 0)
  }
  assert.equal(parameterCount(typed), 2)
  const one = (pair: [number, number] = [1, 2]): number => pair[0]
  assert.equal(parameterCount(one), 1)
})
