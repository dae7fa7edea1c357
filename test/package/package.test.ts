/**
 * The package as npm delivers it: packed, installed in an empty project without a network, and used
 * there.
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { Project, root } from '../shipping/project.ts'
import { assertSurveyed, surveyFiles } from '../shipping/survey.ts'
import { newestVersion, oldestVersion, otherNode } from './other-nodes.ts'

/**
 * What is published may grow to this. Raise it when the growth is worth it to everybody who
 * installs.
 */
const mostPackedKib = 2_330
const mostLibraryKib = 970
const mostBundledKib = 340

interface Packed {
  readonly tarball: string
  readonly sizeBytes: number
  readonly files: readonly { readonly path: string; readonly size: number }[]
}

let packing: Project
let user: Project
let packed: Packed

/** The suite as a user runs it on an executor of their own. */
const conformance = `
import { after, test } from 'node:test'
import { coroutines, processes, threads } from 'atonce'
import { executorConformance } from 'atonce/testing'

const start = { coroutines: ({ workers, ...rest }) => coroutines({ concurrency: workers, ...rest }), threads, processes }
for (const [name, make] of Object.entries(start))
  executorConformance({ name, start: options => make(options), copies: name !== 'coroutines' }, test, after)
`

suite('the package', () => {
  before(() => {
    packing = new Project()
    packed = pack(packing.folder)
    user = new Project({
      'package.json': '{ "name": "user", "version": "1.0.0", "type": "module" }',
      ...surveyFiles,
      'main.ts': "import { print, survey } from './survey.ts'\nprint(await survey())\n",
      'conformance.test.ts': conformance,
    })
    npm(['install', '--offline', '--no-audit', '--no-fund', packed.tarball], user.folder)
  })

  after(() => {
    packing?.[Symbol.dispose]()
    user?.[Symbol.dispose]()
  })

  test('installs without a network, as it depends on nothing', () => {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta, bin } = manifest()
    assert.deepEqual([dependencies, optionalDependencies], [undefined, undefined])
    for (const name of Object.keys(peerDependencies ?? {}))
      assert.equal(peerDependenciesMeta?.[name]?.optional, true, `${name} is not an optional peer.`)
    assert.deepEqual(
      readdirSync(user.path('node_modules')).filter(name => !name.startsWith('.')),
      ['atonce'],
    )
    for (const name of Object.keys(bin ?? {}))
      assert.ok(existsSync(user.path('node_modules/.bin', name)), name)
  })

  test('runs tasks on threads and in processes', async () => {
    assertSurveyed(await user.run(['main.ts']))
  })

  test(`runs tasks on threads and in processes of Node ${oldestVersion}, the oldest that it promises`, async t => {
    const found = await otherNode(oldestVersion)
    if (found.node === undefined) return t.skip(found.why)
    assert.equal(manifest().engines?.node, `>=${oldestVersion.replace(/\.0$/, '')}`)
    const version = await user.run(['--version'], { node: found.node })
    assert.equal(version.stdout.trim(), `v${oldestVersion}`)
    assertSurveyed(await user.run(['main.ts'], { node: found.node }))
  })

  for (const version of [oldestVersion, newestVersion])
    test(`passes its own conformance suite, on every model, on Node ${version}`, async t => {
      const found = await otherNode(version)
      if (found.node === undefined) return t.skip(found.why)
      const { stdout, text } = await user.run(['--test', '--test-reporter=tap', 'conformance.test.ts'], {
        endsWithinMs: 900_000,
        node: found.node,
      })
      assert.match(stdout, /^# fail 0$/m, text)
      assert.ok(Number(/^# pass (\d+)$/m.exec(stdout)?.[1]) >= 3 * 95, text)
    })

  test('has a command line that starts', async () => {
    const { code, stdout, text } = await user.run([
      user.path('node_modules/atonce', manifest().bin?.['atonce'] ?? ''),
      '--help',
    ])
    assert.equal(code, 0, text)
    assert.match(stdout, /compare/)
  })

  test('has a command line that says in one line that Node 20 is too old', async t => {
    const found = await otherNode('20.19.5')
    if (found.node === undefined) return t.skip(found.why)
    const program = user.path('node_modules/atonce', manifest().bin?.['atonce'] ?? '')
    const { code, stdout, stderr } = await user.run([program, 'doctor'], { node: found.node })
    assert.deepEqual(
      { code, stdout, stderr },
      { code: 1, stdout: '', stderr: 'atonce needs Node 22.18 or later; this is Node 20.19.5.\n' },
    )
  })

  test('gives every part that it exports, and nothing else', async () => {
    const parts = Object.keys(manifest().exports).filter(part => part !== './package.json')
    const program = `
for (const part of ${JSON.stringify(parts)}) {
  const face = await import('atonce' + part.slice(1))
  const names = Object.keys(face)
  for (const name of names)
    if (typeof face[name] === 'function' && face[name].name !== name)
      throw new Error(part + ' calls its ' + name + ' ' + face[name].name)
  if (names.length === 0) throw new Error(part + ' exports nothing')
}
const inner = await import('atonce/dist/src/index.js').catch(error => error.code)
console.log(inner)
`
    const { stdout, text } = await user.run(['--input-type=module', '--eval', program])
    assert.equal(stdout.trim(), 'ERR_PACKAGE_PATH_NOT_EXPORTED', text)
  })

  test('has one runtime and one class of each error, whichever part is imported', async () => {
    const program = `
import { coroutines, task, TimeoutError } from 'atonce'
import { VirtualRuntime, withRuntime } from 'atonce/testing'
const never = task(import.meta, () => new Promise(() => {}))
const virtual = new VirtualRuntime()
await withRuntime(virtual, async () => {
  const hourMs = 3_600_000
  const late = coroutines().with({ timeoutMs: hourMs }).run(never).catch(error => error)
  await virtual.advance(hourMs)
  console.log((await late) instanceof TimeoutError)
})
`
    const { stdout, text } = await user.run(['--input-type=module', '--eval', program])
    assert.equal(stdout.trim(), 'true', text)
  })

  test('types a user’s program, and refuses what is wrong in it', async () => {
    installTypes(user)
    // It stands with the fixtures, which the checkout's own type check leaves out: it needs the
    // built package.
    user.write('types.ts', readFileSync(join(root, 'test/fixtures/package-user.ts'), 'utf8'))
    const checked = await user.run([
      'node_modules/typescript/bin/tsc',
      ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'],
      ...[
        '--module',
        'nodenext',
        '--target',
        'es2024',
        '--lib',
        'es2024,esnext.disposable',
        '--types',
        'node',
      ],
      ...['--allowImportingTsExtensions', '--skipLibCheck', 'false', 'types.ts', 'main.ts'],
    ])
    assert.equal(checked.code, 0, checked.text)
  })

  test('is clean for publint', async () => {
    const { messages, pkg } = await publint({
      pkgDir: user.path('node_modules/atonce'),
      strict: true,
      pack: false,
    })
    assert.deepEqual(
      messages.map(message => formatMessage(message, pkg, { color: false })),
      [],
    )
  })

  test('has types that every way of resolving modules finds (attw)', async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const { stdout } = await promisify(execFile)(process.execPath, [
      attw,
      packed.tarball,
      ...['--format', 'ascii', '--no-emoji', '--no-color', '--no-definitely-typed'],
    ]).catch((failed: { stdout: string; stderr: string }) => assert.fail(failed.stdout + failed.stderr))
    assert.match(stdout, /No problems found/)
  })

  test('holds what runs, its types and its maps: no tests, no sources, no stray files', () => {
    const expected =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|docs\/guide\/[\w-]+\.(md|svg)|dist\/(src|gallery)\/.*\.(js|d\.ts|js\.map|md|txt|css)|dist\/kernels\/\w+\.wasm|dist\/require\/(package\.json|.*\.(js|d\.ts)))$/
    const paths = packed.files.map(({ path }) => path)
    assert.deepEqual(
      paths.filter(path => !expected.test(path)),
      [],
    )
    assert.deepEqual(
      paths.filter(path => /(\.test\.|fixture|\.tsbuildinfo)/.test(path)),
      [],
    )
    for (const path of ['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/src/index.js', 'dist/src/index.d.ts'])
      assert.ok(paths.includes(path), path)
  })

  test('is small', async t => {
    const library = packed.files.filter(({ path }) => /^dist\/src\/(?!cli\/|testing\/).*\.js$/.test(path))
    const libraryKib = library.reduce((sum, { size }) => sum + size, 0) / 1_024
    const packedKib = packed.sizeBytes / 1_024
    const bundledKib = (await bundleOfEverything()).length / 1_024
    t.diagnostic(
      `tarball ${packedKib.toFixed(0)} KiB; library without the command line ${libraryKib.toFixed(0)} KiB of JavaScript, ` +
        `${bundledKib.toFixed(0)} KiB bundled and minified (${(gzipSync(await bundleOfEverything()).length / 1_024).toFixed(0)} KiB gzipped)`,
    )
    assert.ok(packedKib <= mostPackedKib, `The tarball has ${packedKib} KiB.`)
    assert.ok(libraryKib <= mostLibraryKib, `The library has ${libraryKib} KiB.`)
    assert.ok(bundledKib <= mostBundledKib, `The bundled library has ${bundledKib} KiB.`)
  })
})

interface Manifest {
  readonly engines?: { readonly node?: string }
  readonly bin?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies?: object
  readonly optionalDependencies?: object
  readonly peerDependencies?: object
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** The package.json that was published. */
function manifest(): Manifest {
  return JSON.parse(readFileSync(user.path('node_modules/atonce/package.json'), 'utf8')) as Manifest
}

/**
 * Packs the checkout as it is built; `prepack` would build it anew, under other tests that run from
 * it.
 */
function pack(folder: string): Packed {
  if (!existsSync(join(root, 'dist/src/index.js')))
    throw new Error('There is no dist/. Build it first: npm run build')
  const told = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root)
  const [about] = JSON.parse(told) as { filename: string; files: Packed['files'] }[]
  assert.ok(about !== undefined, told)
  const tarball = join(folder, about.filename)
  return { tarball, sizeBytes: statSync(tarball).size, files: about.files }
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The compiler and Node's types, linked from the checkout. */
function installTypes(project: Project): void {
  mkdirSync(project.path('node_modules/@types'), { recursive: true })
  for (const name of ['typescript', 'undici-types', '@types/node'])
    symlinkSync(join(root, 'node_modules', name), project.path('node_modules', name))
}

/** All of the main entry, as a user's minified bundle holds it. */
async function bundleOfEverything(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: "export * from 'atonce'", resolveDir: user.folder },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
  })
  return outputFiles[0]?.contents ?? assert.fail('esbuild wrote nothing.')
}
