import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { on, once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { decode } from 'fast-png'
import { atonce, ended, start } from './fixtures/command.ts'
import { assertDocumented } from './fixtures/documented.ts'

const folder = mkdtempSync(join(tmpdir(), 'atonce-commands-'))
after(() => rmSync(folder, { recursive: true }))

describe('run', { concurrency: 2 }, () => {
  for (const model of ['coroutines', 'threads', 'processes']) {
    test(`gives one result a line, in the order of the inputs, on ${model}`, async () => {
      const { code, stdout, stderr } = await atonce([
        'run',
        'tasks.ts#add',
        '--input',
        '[[1,2],[3,4],[5,6]]',
        '--on',
        model,
      ])
      assert.deepEqual([code, stdout, stderr], [0, '3\n7\n11\n', ''])
    })
  }

  test('takes NDJSON from standard input, and the only task of a module without its name', async () => {
    const { code, stdout } = await atonce(['run', 'square.ts', '--input', '-'], { input: '3\n4\n' })
    assert.deepEqual([code, stdout], [0, '9\n16\n'])
  })

  test('takes a JSON document that is spread over lines from standard input', async () => {
    const { code, stdout } = await atonce(['run', 'square.ts', '--input', '-'], {
      input: '[\n  3,\n  4\n]\n',
    })
    assert.deepEqual([code, stdout], [0, '9\n16\n'])
  })

  test('a failing task is told with its input and its line, and ends with 1', async () => {
    const { code, stdout, stderr } = await atonce(['run', 'tasks.ts#failAt3', '--input', '[1,2,3,4]'])
    assert.match(
      stderr,
      /^atonce: tasks\.ts#failAt3 failed on input 3 of 4: RangeError: three is too many\n\s+at failAt3 \(.*tasks\.ts:\d+:\d+\)\n$/,
    )
    assert.deepEqual([code, stdout], [1, '1\n2\n'])
  })

  test('a time limit ends with 124 and leaves no file', async () => {
    const output = join(folder, 'late.ndjson')
    const { code, stderr } = await atonce([
      'run',
      'tasks.ts#waitForever',
      '--input',
      '1',
      '--timeout',
      '300',
      '--output',
      output,
    ])
    assert.match(stderr, /did not finish within 300 ms/)
    assert.equal(code, 124)
    assert.ok(!existsSync(output))
  })

  test('a promise that never settles ends with 1 instead of silence', async () => {
    const { code, stderr } = await atonce([
      'run',
      'tasks.ts#neverSettles',
      '--input',
      '1',
      '--on',
      'coroutines',
    ])
    assert.match(stderr, /a promise in the task .* never settles/)
    assert.equal(code, 1)
  })

  test('a file appears whole, or the old one stays', async () => {
    const output = join(folder, 'results.ndjson')
    assert.equal((await atonce(['run', 'square.ts', '--input', '[1,2]', '--output', output])).code, 0)
    assert.equal(readFileSync(output, 'utf8'), '1\n4\n')
    assert.equal(
      (await atonce(['run', 'tasks.ts#failAt3', '--input', '[1,2,3]', '--output', output])).code,
      1,
    )
    assert.equal(readFileSync(output, 'utf8'), '1\n4\n')
  })

  test('--json gives one document with its schema', async () => {
    const { stdout } = await atonce(['run', 'square.ts', '--input', '[1,2]', '--json'])
    const { wallMs, sentence, next, ...rest } = JSON.parse(stdout)
    assert.ok(wallMs > 0)
    assertDocumented({ wallMs, sentence, next, ...rest })
    assert.match(sentence, /^2 results of square\.ts#default on threads in /)
    assert.deepEqual(rest, {
      schema: 'atonce.run/1',
      target: 'square.ts#default',
      on: 'threads',
      workers: 2,
      inputs: 2,
      results: [1, 4],
    })
  })

  for (const model of ['threads', 'processes']) {
    test(`Ctrl-C ends it with 130 on ${model} and removes what was half written`, {
      skip: process.platform === 'win32',
    }, async () => {
      const place = mkdtempSync(join(folder, 'interrupted-'))
      const output = join(place, 'results.ndjson')
      // Enough results that the part file is there, then an input that the command waits for.
      const child = start(['run', 'tasks.ts#echo', '--input', '-', '--on', model, '--output', output])
      const end = ended(child)
      for (let n = 0; n < 4; n += 1) child.stdin?.write(`${JSON.stringify('x'.repeat(60_000))}\n`)
      while (readdirSync(place).length === 0) await new Promise(resolve => setImmediate(resolve))
      child.kill('SIGINT')
      const { code, stderr } = await end
      assert.match(stderr, /^atonce: Interrupted \(SIGINT\)\.\n$/)
      assert.equal(code, 130)
      assert.deepEqual(readdirSync(place), [])
    })
  }

  test('SIGTERM ends it with 143', { skip: process.platform === 'win32' }, async () => {
    const child = start(['run', 'tasks.ts#echo', '--input', '-'])
    const end = ended(child)
    child.stdin?.write('1\n2\n3\n') // The second line tells that it is NDJSON.
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    child.kill('SIGTERM')
    const { code, stderr } = await end
    assert.deepEqual([code, stderr], [143, 'atonce: Interrupted (SIGTERM).\n'])
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    for (const command of [['run', '--on', 'coroutines'], ['compare']])
      test(`${signal} ends ${command[0]} at once while a task computes on its own thread, and a line says why`, {
        skip: process.platform === 'win32',
      }, async () => {
        const [name = '', ...options] = command
        const child = start([name, 'tasks.ts#computeForever', '--input', '1', ...options])
        const end = ended(child)
        await printed(child, 'computing')
        child.kill(signal)
        const { stderr } = await end
        assert.equal(child.signalCode, signal) // A shell makes 130 or 143 of it.
        assert.match(stderr, /^atonce: Interrupted at once: the work ran on the command's own thread.*\n$/)
      })

  test('--timeout ends a task that computes on the command’s own thread with 124', async () => {
    const { code, stderr } = await atonce([
      ...['run', 'tasks.ts#computeForever', '--input', '1', '--on', 'coroutines', '--timeout', '300'],
    ])
    assert.match(
      stderr,
      /^atonce: tasks\.ts#computeForever did not finish within 300 ms \(--timeout\)\. It computes.*\n$/,
    )
    assert.equal(code, 124)
  })

  test('stops in silence when nobody reads on', {
    skip: process.platform === 'win32',
    timeout: 60_000,
  }, async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => n).join('\n')
    writeFileSync(join(folder, 'many.ndjson'), lines)
    const child = start(['run', 'square.ts', '--input', join(folder, 'many.ndjson')])
    const stderr: Buffer[] = []
    child.stderr?.on('data', part => stderr.push(part))
    child.stdout?.once('data', () => child.stdout?.destroy())
    const [code] = await once(child, 'exit')
    assert.deepEqual([code, Buffer.concat(stderr).toString()], [0, ''])
  })
})

describe('compare', { concurrency: 2 }, () => {
  test('measures a task on every model beside the plain loop and checks its answers', async () => {
    const { code, stdout } = await atonce([
      'compare',
      'tasks.ts#square',
      '--input',
      '[1,2,3]',
      '--runs',
      '6',
      '--json',
    ])
    const document = JSON.parse(stdout)
    const { schema, targets } = document
    assert.equal(schema, 'atonce.compare/1')
    assertDocumented(document)
    assert.equal(targets.length, 1)
    assert.deepEqual(
      targets[0].rows.map((row: { model: string }) => row.model),
      ['plain loop', 'coroutines', 'threads', 'processes'],
    )
    for (const row of targets[0].rows) {
      assert.equal(row.answer.ok, true)
      assert.equal(row.wallSamplesMs.length, 6)
      assert.ok(row.wallMs.low <= row.wallMs.median && row.wallMs.median <= row.wallMs.high)
    }
    // Squaring three numbers is less work than telling anybody about it; a machine busy with other
    // tests may leave it undecided.
    const { kind, use } = targets[0].verdict
    const decided = kind === 'undecided' ? ['undecided', undefined, 3] : ['not faster', 'plain loop', 0]
    assert.deepEqual([kind, use, code], decided)
  })

  test('an answer that depends on the model is wrong, and ends with 1', async () => {
    const { code, stdout } = await atonce([
      'compare',
      'tasks.ts#whereAmI',
      '--input',
      '[0]',
      '--runs',
      '1',
      '--on',
      'threads',
    ])
    assert.match(stdout, /✗ threads: result 1 is "thread 1", the plain loop's is "main"/)
    assert.equal(code, 1)
  })

  test('a model that fails has a row that says why; the others are measured all the same', async () => {
    const { code, stdout } = await atonce([
      'compare',
      'tasks.ts#giveFunction',
      '--input',
      '[0]',
      '--runs',
      '1',
      '--on',
      'threads',
    ])
    assert.match(stdout, /Threads failed: SerializationError: result is a function/)
    assert.equal(code, 1)
  })

  test('a task that fails on the plain loop is not blamed on a model', async () => {
    const { code, stdout } = await atonce([
      'compare',
      'tasks.ts#failAt3',
      '--input',
      '[3]',
      '--on',
      'threads',
    ])
    assert.match(stdout, /The task itself fails, on the plain loop: RangeError: three is too many\./)
    assert.equal(code, 1)
  })

  test('a report is one file that loads nothing, with the picture beside it and in it', async () => {
    const report = join(folder, 'report', 'index.html')
    mkdirSync(join(folder, 'report'))
    const { code, stdout } = await atonce([
      'compare',
      'mandelbrot',
      '--size',
      'S',
      '--runs',
      '2',
      '--report',
      report,
      '--accept-undecided',
    ])
    assert.equal(code, 0, stdout)
    const html = readFileSync(report, 'utf8')
    assert.equal(html.match(/<svg/g)?.length, 3)
    assert.ok(/<img [^>]*src="data:image\/png;base64,/.test(html))
    const [, date = ''] = />(\d{4}-\d\d-\d\d \d\d:\d\d) UTC · /.exec(html) ?? []
    assert.ok(Math.abs(Date.now() - Date.parse(`${date}Z`)) < 30 * 60_000, date)
    assert.match(html, /<code>npx atonce compare mandelbrot --size S --runs 2 --report [^<]+<\/code>/)
    assert.deepEqual(html.match(/<script|<link|(src|href)="(?!data:)|url\(/), null)
    const { width, height, channels } = decode(readFileSync(join(folder, 'report', 'mandelbrot.png')))
    assert.deepEqual([width, height, channels], [512, 512, 3])
    assert.deepEqual(readdirSync(join(folder, 'report')).sort(), ['index.html', 'mandelbrot.png'])
  })
})

describe('gallery', { concurrency: 2 }, () => {
  test('lists every workload with its sizes', async () => {
    const { code, stdout } = await atonce(['gallery', 'list', '--json'])
    const document = JSON.parse(stdout)
    const { schema, workloads } = document
    assert.deepEqual([code, schema], [0, 'atonce.gallery/1'])
    assertDocumented(document)
    for (const { sizes } of workloads) assert.deepEqual(Object.keys(sizes), ['S', 'M', 'L', 'workshop'])
    assert.ok(workloads.some(({ name }: { name: string }) => name === 'primes'))
  })

  test('runs one on a model, checks its answer and writes its picture', async () => {
    const picture = join(folder, 'set.png')
    const { code, stdout } = await atonce([
      'gallery',
      'run',
      'mandelbrot',
      '--size',
      'S',
      '--on',
      'threads',
      '--json',
      '--picture',
      picture,
    ])
    const document = JSON.parse(stdout)
    const { schema, ok, on, workers } = document
    assert.deepEqual([code, schema, ok, on, workers], [0, 'atonce.gallery-run/1', true, 'threads', 2])
    assertDocumented(document)
    assert.equal(decode(readFileSync(picture)).width, 512)
  })

  test('runs one that has a server of its own, tells the CPU of that apart, and ends with it', async () => {
    const picture = join(folder, 'crawl.png')
    const { code, stdout } = await atonce([
      'gallery',
      'run',
      'crawler',
      '--size',
      'S',
      '--on',
      'coroutines',
      '--picture',
      picture,
    ])
    assert.equal(code, 0)
    assert.match(stdout, /✓ 44 pages/)
    assert.match(stdout, /its server's CPU/)
    assert.equal(decode(readFileSync(picture)).width, 1_000)
  })
})

describe('doctor', { concurrency: 2 }, () => {
  test('finds this machine fit for the tests', async () => {
    const { code, stdout } = await atonce(['doctor', '--json'])
    const document = JSON.parse(stdout)
    const { schema, ok, findings } = document
    assert.deepEqual([code, schema, ok], [0, 'atonce.doctor/1', true])
    assertDocumented(document)
    for (const { state, fix } of findings) assert.equal(fix === '', state === 'ok')
  })

  test('sees more workers than cores as a warning, with its fix', async () => {
    const { code, stdout } = await atonce(['doctor', '--json'], { env: { ATONCE_WORKERS: '4096' } })
    const finding = JSON.parse(stdout).findings.find(({ name }: { name: string }) => name === 'cores')
    assert.equal(code, 0)
    assert.equal(finding.state, 'warning')
    assert.match(finding.fix, /unset ATONCE_WORKERS/)
  })
})

/** Resolves when the program has printed the text. */
async function printed(program: ChildProcess, text: string): Promise<void> {
  let seen = ''
  for await (const part of on(program.stdout as NodeJS.ReadableStream, 'data')) {
    seen += String(part)
    if (seen.includes(text)) return
  }
}
