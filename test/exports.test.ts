/**
 * The public face: every subpath of package.json has its entry, entries only re-export, and every
 * name is documented.
 */
import { strict as assert } from 'node:assert'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { version } from '../src/runtime/copies.ts'
import { root, withoutComments } from './source-tree.ts'

interface Subpath {
  readonly require: { readonly types: string; readonly default: string }
  readonly types: string
  readonly default: string
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | Subpath>
  version: string
  main: string
  types: string
  typesVersions: { '*': Record<string, string[]> }
  dependencies?: object
}
const subpaths = Object.entries(manifest.exports).filter(
  (entry): entry is [string, Subpath] => typeof entry[1] === 'object',
)

test('every subpath has one entry file, of the same name, with types', () => {
  for (const [subpath, { types, default: code, require }] of subpaths) {
    const name = subpath === '.' ? 'index' : subpath.slice(2)
    assert.equal(code, `./dist/src/${name}.js`)
    assert.equal(types, `./dist/src/${name}.d.ts`)
    assert.ok(existsSync(join(root, 'src', `${name}.ts`)), subpath)
    // The same for CommonJS: scripts/require-entries.mjs writes them.
    assert.deepEqual(require, { types: `./dist/require/${name}.d.ts`, default: `./dist/require/${name}.js` })
  }
})

test('tools that know no exports find every subpath too, and the types of each', () => {
  assert.deepEqual([manifest.main, manifest.types], ['./dist/require/index.js', './dist/require/index.d.ts'])
  for (const [subpath, { require }] of subpaths)
    if (subpath !== '.') assert.deepEqual(manifest.typesVersions['*'][subpath.slice(2)], [require.types])
})

test('entries re-export and do nothing else', () => {
  for (const [subpath] of subpaths) {
    const name = subpath === '.' ? 'index' : subpath.slice(2)
    const rest = withoutComments(readFileSync(join(root, 'src', `${name}.ts`), 'utf8'))
      .replace(/export\s+(type\s+)?\{[^}]*\}\s+from\s+'[^']+'/g, '')
      .trim()
    assert.equal(rest, '', name)
  }
})

test('no name of the public face is exported by two modules', async () => {
  for (const [subpath] of subpaths) {
    const name = subpath === '.' ? 'index' : subpath.slice(2)
    const names = [
      ...readFileSync(join(root, 'src', `${name}.ts`), 'utf8').matchAll(/\{([^}]*)\}\s+from/g),
    ].flatMap(([, list]) =>
      (list as string)
        .split(',')
        .map(part => part.trim().replace(/^type /, ''))
        .filter(Boolean),
    )
    assert.equal(new Set(names).size, names.length, name)
    const face = (await import(join(root, 'src', `${name}.ts`))) as object
    assert.ok(Object.keys(face).every(key => names.includes(key)))
  }
})

test('the type of every event that is published can be imported', () => {
  const events = [...readFileSync(join(root, 'src/trace.ts'), 'utf8').matchAll(/interface (\w+Event)\b/g)]
  const index = readFileSync(join(root, 'src/index.ts'), 'utf8')
  assert.ok(events.length >= 9)
  for (const [, event] of events) assert.match(index, new RegExp(`\\b${event}\\b`))
})

test('the library says the version of its package', () => {
  assert.equal(version, manifest.version)
})

test('the package has no runtime dependencies', () => {
  assert.deepEqual(manifest.dependencies ?? {}, {})
})
