/**
 * How worker processes end: by themselves and in order, never before the program that owns them
 * wants it.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Said {
  readonly pid?: number
  readonly signal?: string
  readonly begun?: boolean
  readonly outcomes?: readonly string[]
}

const here = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))

/** One of fixtures/program.ts, in a group of its own. */
async function start(
  t: TestContext,
  args: readonly string[],
  more: { flags?: string[]; handlerMs?: number } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'atonce-ends-'))
  const log = join(folder, 'log')
  const program: ChildProcess = fork(here('program.ts'), args, {
    detached: true,
    execArgv: more.flags ?? [],
    env: { ...process.env, LOG: log, HANDLER_MS: String(more.handlerMs ?? 0) },
  })
  t.after(async () => {
    program.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  return {
    program,
    /** What it says of that, the next time. */
    async says<K extends keyof Said>(key: K): Promise<NonNullable<Said[K]>> {
      for (;;) {
        const [message] = (await once(program, 'message', { signal: t.signal })) as [Said]
        if (message[key] !== undefined) return message[key]
      }
    },
    /** What the worker wrote at its end, once it is there. */
    async log(): Promise<string> {
      while (!t.signal.aborted) {
        const text = await readFile(log, 'utf8').catch(() => '')
        if (text !== '') return text
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      throw new Error('Nothing was written.')
    },
  }
}

/** Resolves when no process of that number is left. */
async function gone(pid: number, { signal }: TestContext): Promise<void> {
  while (!signal.aborted) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  assert.fail(`process ${pid} is still there`)
}

const limit = { timeout: 120_000 }

for (const end of ['natural', 'exit', 'close', 'idle'])
  test(`exit handlers of a worker run to their end: ${end}`, limit, async t => {
    // Longer than graceMs, which is for calls that were cancelled.
    const { program, says, log } = await start(t, [end], { handlerMs: 800 })
    if (end === 'exit') {
      await says('pid')
      program.send('end')
    }
    assert.equal(await log(), 'kept')
  })

test(
  'an exit handler that does not come to its end ends with its worker, some seconds after the program',
  limit,
  async t => {
    const { says } = await start(t, ['natural'], { handlerMs: 60_000 })
    await gone(await says('pid'), t)
  },
)

const groupSignals =
  process.platform === 'win32' ? [] : (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const)

for (const signal of groupSignals) {
  test(`${signal} to the group of a program that handles it ends no call`, limit, async t => {
    const { program, says } = await start(t, ['handles', signal])
    await says('begun')
    process.kill(-(program.pid as number), signal)
    assert.equal(await says('signal'), signal)
    assert.deepEqual(await says('outcomes'), ['done', 'done', 'done'])
  })

  test(`${signal} to a worker alone ends it, where the program does not handle it`, limit, async t => {
    const { says } = await start(t, ['alone', signal])
    assert.deepEqual(await says('outcomes'), [`WorkerCrashedError ${signal}`])
  })
}

test('signals to the group of a program that handles them fail no call whose worker still starts', {
  ...limit,
  skip: groupSignals.length === 0,
}, async t => {
  const { says } = await start(t, ['early', 'SIGTERM']) // It goes on until four starts were hit.
  const outcomes = await says('outcomes')
  assert.ok(outcomes.length >= 3 && outcomes.every(outcome => outcome === 'done'), String(outcomes))
})

test('a signal to the group of a program that dies of it ends its workers, too', limit, async t => {
  const { program, says } = await start(t, ['exit'])
  const pid = await says('pid')
  process.kill(-(program.pid as number), 'SIGTERM')
  await gone(pid, t)
})

for (const end of ['exit', 'kill'])
  test(`a worker that hangs in its start does not outlive the program: ${end}`, limit, async t => {
    const { program, says } = await start(t, ['stuck', end], { flags: ['--require', here('hang.cjs')] })
    const pid = await says('pid')
    if (end === 'exit') program.send('end')
    else program.kill('SIGKILL')
    await gone(pid, t)
  })
