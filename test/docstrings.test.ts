/**
 * The reference (`npm run reference`) is made of docstrings: each exported name has one where it is
 * declared, and each option that may be left out says what is then.
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

test('every option that may be left out says what it is', () => {
  const options = declared.filter(({ name, body }) => name.endsWith('Options') && body !== '')
  assert.ok(options.length > 20)
  const without = options.flatMap(({ name, body }) =>
    membersOf(body)
      .filter(({ optional, docstring }) => optional && docstring === undefined)
      .map(({ member }) => `${name}.${member}`),
  )
  assert.deepEqual(without, [])
})

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
    `(?:^/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n(?://.*\\n)*)?^export (?:abstract |async )*(?:class|function\\*?|const|interface|type) ${name}\\b([^]*?)(?:\\n\\}|\\n\\n|\\nexport |(?![^]))`,
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
