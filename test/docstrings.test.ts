/**
 * The reference (`npm run reference`) is made of docstrings: each exported name has one where it is
 * declared, and each option says its default and its unit.
 */
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { root } from './source-tree.ts'

interface Declared {
  readonly name: string
  readonly file: string
  /** Undefined if there is none. */
  readonly docstring: string | undefined
  readonly body: string
}

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Readonly<Record<string, unknown>>
}
const declared = Object.keys(exports)
  .filter(subpath => subpath !== './package.json')
  .flatMap(subpath => exportedFrom(join('src', `${subpath === '.' ? 'index' : subpath.slice(2)}.ts`)))

test('every exported name has a docstring', () => {
  assert.ok(declared.length > 200)
  const without = declared.filter(({ docstring }) => docstring === undefined)
  assert.deepEqual(
    without.map(({ name, file }) => `${name} in ${file}`),
    [],
  )
})

const options = declared
  .filter(
    ({ name, body }) => /Options$|^(Rate|Backoff|Permissions|ResourceLimits)$/.test(name) && body !== '',
  )
  .flatMap(({ name, body }) =>
    membersOf(body).map(member => ({ ...member, path: `${name}.${member.member}` })),
  )

test('every option has a docstring, and one that may be left out says what is then', () => {
  assert.ok(options.length > 130)
  const without = options.filter(
    ({ optional, docstring }) => docstring === undefined || (optional && !/\bdefault\b/i.test(docstring)),
  )
  assert.deepEqual(
    without.map(({ path }) => path),
    [],
  )
})

/** How a docstring names the unit that stands at the end of an option's name. */
const units: readonly (readonly [name: RegExp, said: RegExp])[] = [
  [/Ms$/, /\bms\b|\bmilliseconds\b/],
  [/Us$/, /\bmicroseconds\b/],
  [/Bytes$/, /\bbytes\b/],
  [/(MiB|Mb)$/, /\bMiB\b/],
  [/KiB$/, /\bKiB\b/],
]

test('an option with a unit in its name says the unit, and its default with it', () => {
  const measured = options.flatMap(({ member, path, docstring = '' }) =>
    units.filter(([name]) => name.test(member)).map(([, said]) => ({ path, said, docstring })),
  )
  assert.ok(measured.length > 40)
  const wrong = measured.filter(
    ({ said, docstring }) => !said.test(docstring) || /Default:? [\d,]+[.;]/.test(flat(docstring)),
  )
  assert.deepEqual(
    wrong.map(({ path }) => path),
    [],
  )
})

function flat(docstring: string): string {
  return docstring.replace(/\n\s*\* ?/g, ' ')
}

/** What `export { … } from` gives in a file, each where it is declared. */
function exportedFrom(file: string): Declared[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g)].flatMap(
    ([, names = '', from = '']) =>
      names
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .split(',')
        .map(name =>
          name
            .trim()
            .replace(/^type /, '')
            .replace(/ as .*$/, ''),
        )
        .filter(Boolean)
        .map(name => declarationOf(name, join(dirname(file), from))),
  )
}

function declarationOf(name: string, file: string): Declared {
  const text = readFileSync(join(root, file), 'utf8')
  const declaration = new RegExp(
    `(?:^/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n(?://.*\\n)*)?^export (?:abstract |async )*(?:class|function\\*?|const|let|interface|type) ${name}\\b([^]*?)(?:\\n\\}|\\n\\n|\\nexport |(?![^]))`,
    'm',
  )
  const found = declaration.exec(text)
  if (found !== null) return { name, file, docstring: found[1], body: found[2] ?? '' }
  const passedOn = exportedFrom(file).find(each => each.name === name)
  if (passedOn !== undefined) return passedOn
  const [, whole] = /^export \* from '([^']+)'/m.exec(text) ?? []
  assert.ok(whole !== undefined, `${name} is not declared in ${file}`)
  return declarationOf(name, join(dirname(file), whole))
}

/** The members of an interface's body. */
function membersOf(body: string): { member: string; optional: boolean; docstring: string | undefined }[] {
  return [
    ...body.matchAll(/(?:^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^ {2}(?:readonly )?(\w+)(\??)[:(<]/gm),
  ].map(([, docstring, member = '', mark]) => ({ member, optional: mark === '?', docstring }))
}
