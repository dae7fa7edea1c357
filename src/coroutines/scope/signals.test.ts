/** Signals, played in programs of their own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { OptionError } from '../../errors.ts'
import { cancelOnSignals } from './signals.ts'

const skip = process.platform === 'win32' ? 'Windows has no signals to send' : false
const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
const head = `
  import { scope } from ${here('./scope.ts')}
  import { cancelOnSignals } from ${here('./signals.ts')}
  import { sleep as pause } from ${here('../time/sleep.ts')}
  import { writeSync } from 'node:fs'
  const say = text => writeSync(1, text + '\\n')
`

/** Runs a program; sends it a signal for each line \`ready\` that it says. */
async function play(body: string, signal: NodeJS.Signals) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', head + body], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'close')
  let out = ''
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    if (text.includes('ready')) child.kill(signal)
  })
  const [code, by] = await exited
  return { code, by, told, said: out.trim().split('\n') }
}

for (const [signal, number] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} cancels the outermost scopes, and finally runs to its end`, { skip }, async () => {
    const { code, by, said } = await play(
      `cancelOnSignals()
      const work = name => scope(async s => {
        s.spawn(async () => {
          try { await pause(60_000) } finally {
            await scope(() => pause(5), { shielded: true, timeoutMs: 5_000 })
            say(name + ' cleaned')
          }
        })
      }).catch(error => say(error.message))
      const both = [work('one'), work('two')]
      setTimeout(say, 1, 'ready')
      await Promise.all(both)
      say('end')`,
      signal,
    )
    assert.deepEqual(said.toSorted(), [
      `The program received ${signal}.`,
      `The program received ${signal}.`,
      'end',
      'one cleaned',
      'ready',
      'two cleaned',
    ])
    assert.equal(said.at(-1), 'end')
    assert.deepEqual([code, by], [number, null])
  })
}

for (const [how, program] of [
  ['awaits at its top level', 'await scope(() => pause(60_000))'],
  ['does not await', 'void scope(() => pause(60_000))'],
  [
    'awaits, with signals taken for that long,',
    'try { await scope(() => pause(60_000)) } finally { taken.dispose() }',
  ],
] as const)
  test(`a scope that a program ${how} ends it by the signal's exit code, without a stack`, {
    skip,
  }, async () => {
    const { code, by, told } = await play(
      `const taken = cancelOnSignals()
      setTimeout(say, 1, 'ready')
      ${program}`,
      'SIGINT',
    )
    assert.deepEqual([code, by, told], [130, null, ''])
  })

test('an error of the program after the signal is told, and ends it with 1', { skip }, async () => {
  const { code, told } = await play(
    `cancelOnSignals()
    setTimeout(say, 1, 'ready')
    await scope(() => pause(60_000)).catch(() => { throw new RangeError('no way to end') })`,
    'SIGINT',
  )
  assert.equal(code, 1)
  assert.match(told, /RangeError: no way to end/)
})

test('a second signal ends the program at once, by that signal', { skip }, async () => {
  const { by, said } = await play(
    `cancelOnSignals()
    await scope(async () => {
      setTimeout(say, 1, 'ready')
      await pause(60_000).catch(() => {})
      say('ready again')
      await new Promise(resolve => setTimeout(resolve, 60_000))
    }, { graceMs: 60_000 })`,
    'SIGINT',
  )
  assert.deepEqual([by, said], ['SIGINT', ['ready', 'ready again']])
})

test('with no scope open a signal ends the program as if nobody listened', { skip }, async () => {
  const { by } = await play(`cancelOnSignals(); setTimeout(() => {}, 60_000); say('ready')`, 'SIGTERM')
  assert.equal(by, 'SIGTERM')
})

test('a program that goes on after its scopes is ended by the signal after the grace', { skip }, async () => {
  const { by, said } = await play(
    `cancelOnSignals({ graceMs: 1 })
    setTimeout(() => {}, 60_000)
    setTimeout(say, 1, 'ready')
    await scope(() => pause(60_000)).catch(() => say('over'))`,
    'SIGTERM',
  )
  assert.deepEqual([by, said], ['SIGTERM', ['ready', 'over']])
})

test('it can be taken back, and refuses what is not a signal', () => {
  const before = process.listenerCount('SIGINT')
  const taken = cancelOnSignals()
  assert.equal(process.listenerCount('SIGINT'), before + 1)
  taken.dispose()
  assert.equal(process.listenerCount('SIGINT'), before)
  assert.throws(() => cancelOnSignals({ signals: ['SIGNONE' as 'SIGINT'] }), OptionError)
})
