/**
 * The house stands: imports go to the own part or to a lower floor, never to a sibling, never up,
 * never in a circle.
 */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { type SourceFile, sourceFiles } from './source-tree.ts'

/** The parts of src/ by floor, as ARCHITECTURE.md shows them. */
const floors: readonly (readonly string[])[] = [
  ['supported.ts', 'thrown.ts'],
  ['error-classes.ts'],
  ['worker-errors.ts'],
  ['errors.ts', 'trace.ts', 'policy.ts'],
  ['checks.ts'],
  ['runtime'],
  ['declared', 'live'],
  ['task', 'channel', 'sync'],
  ['wire'],
  ['executor'],
  ['worker', 'coroutines'],
  ['pool'],
  ['threads', 'processes', 'actors'],
  ['isolates', 'parallel', 'measure', 'cluster'],
  ['kernels'],
  ['choose'],
  ['testing'],
  [
    'index.ts',
    'testing.ts',
    'measure.ts',
    'sync.ts',
    'actors.ts',
    'kernels.ts',
    'isolates.ts',
    'parallel.ts',
    'cluster.ts',
    'choose.ts',
  ],
  ['cli', 'dashboard'],
]
const sources = sourceFiles('src')

test('every file of src/ belongs to a part on a floor', () => {
  const homeless = sources.filter(({ path }) => floorOf(path) === undefined).map(({ path }) => path)
  assert.deepEqual(homeless, [])
})

test('imports go to the own part or to a lower floor', () => {
  const wrong = sources.flatMap(file =>
    file.imports
      .filter(target => target.startsWith('src/') && !isAllowed(file.path, target))
      .map(target => `${file.path} → ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('no file imports itself through others', () => {
  assert.deepEqual(cycles(sources.filter(({ path }) => !path.endsWith('.test.ts'))), [])
})

test('the library imports nothing but Node', () => {
  const foreign = sources
    .filter(({ path }) => !/^src\/(cli|dashboard)\//.test(path))
    .filter(({ path }) => !path.endsWith('.test.ts') && !path.includes('/fixtures/')) // Neither is in the package.
    .flatMap(file =>
      file.packages
        .filter(name => !name.startsWith('node:') && name !== 'atonce')
        .filter(name => !(name.startsWith('@nats-io/') && file.path === 'src/cluster/nats/load.ts')) // Optional peers.
        .map(name => `${file.path} → ${name}`),
    )
  assert.deepEqual(foreign, [])
})

/**
 * Modules of the gallery that are bundled with the packages that they use
 * (scripts/bundle-gallery.mjs).
 */
const bundled: ReadonlyMap<string, readonly string[]> = new Map([
  ['gallery/crawler/read-page.ts', ['htmlparser2']],
  ['gallery/png/codec.ts', ['fast-png']],
])

/** The entries that programs of the gallery use. */
const publicFaces: readonly string[] = [
  'src/index.ts',
  'src/sync.ts',
  'src/testing.ts',
  'src/choose.ts',
  'src/cluster.ts',
  'src/actors.ts',
  'src/isolates.ts',
  'src/kernels.ts',
  'src/parallel.ts',
]

test('the gallery imports the library by its public face, and no package that is not bundled', () => {
  const wrong = sourceFiles('gallery').flatMap(file => [
    ...file.imports
      .filter(target => !target.startsWith('gallery/') && !publicFaces.includes(target))
      .map(target => `${file.path} → ${target}`),
    ...file.packages
      .filter(name => !name.startsWith('node:') && !bundled.get(file.path)?.includes(name))
      .map(name => `${file.path} → ${name}`),
  ])
  assert.deepEqual(wrong, [])
})

test('a module of the gallery that is bundled imports nothing of the house, for it would get a copy of its own', () => {
  const bundles = sourceFiles('gallery').filter(({ path }) => bundled.has(path))
  assert.equal(bundles.length, bundled.size)
  for (const { path, imports } of bundles) assert.deepEqual(imports, [], path)
})

function partOf(path: string): string {
  return path.split('/')[1] as string
}

function floorOf(path: string): number | undefined {
  const at = floors.findIndex(parts => parts.includes(partOf(path)))
  return at === -1 ? undefined : at
}

function isAllowed(from: string, to: string): boolean {
  return partOf(from) === partOf(to) || (floorOf(to) ?? 99) < (floorOf(from) ?? -1)
}

function cycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map(file => [file.path, file]))
  const done = new Set<string>()
  const found: string[] = []
  const walk = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) return void found.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (done.has(path)) return
    for (const target of byPath.get(path)?.imports ?? []) walk(target, [...trail, path])
    done.add(path)
  }
  for (const { path } of files) walk(path, [])
  return found
}
