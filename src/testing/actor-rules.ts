/**
 * What actors and supervisors do, wherever the actors live: one table, which `actor-rules.test.ts` plays here, under
 * virtual time in many orders, on threads and in processes. R1 to R36 name rules of supervision, watching and asking that
 * Erlang/OTP and Apache Pekko have settled; docs/guide/actors.md says where atonce differs.
 */
import { strict as assert } from 'node:assert'
import { ActorDiedError, ActorStartError, RestartLimitError } from '../actors/errors.ts'
import { type DiaryRef, Forgiven, Misplayed, Player, type PlayerRef } from '../actors/fixtures/player.ts'
import type { Ref, Watch } from '../actors/ref.ts'
import type { StartOptions, Strategy, SupervisorOptions } from '../actors/settings.ts'
import { type Supervisor, supervisor } from '../actors/supervisor.ts'
import { type DeadLetter, onDeadLetter, whereis } from '../actors/system.ts'
import { ClosedError, TimeoutError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { runtime } from '../runtime/runtime.ts'

export interface Rule {
  readonly name: string
  readonly options: SupervisorOptions
  readonly play: (stage: Stage) => Promise<void>
}

/** Where a rule is played: a tree, a diary on this side, and actors at the place of the suite. */
export class Stage {
  readonly tree: Supervisor
  readonly diary: DiaryRef
  readonly #on: { readonly on?: Executor }

  constructor(tree: Supervisor, diary: DiaryRef, on: Executor | undefined) {
    this.tree = tree
    this.diary = diary
    this.#on = on === undefined ? {} : { on }
  }

  start(name: string, options: StartOptions = {}, over = this.tree, stopsAfterMs = 0): Promise<PlayerRef> {
    return over.start(Player, [name, this.diary, stopsAfterMs] as [string, DiaryRef, number], {
      ...this.#on,
      ...options,
    })
  }

  /** Children a, b, c; their start is no line of the diary any more. */
  async three(options: Record<string, StartOptions> = {}, over = this.tree): Promise<PlayerRef[]> {
    const started: PlayerRef[] = []
    for (const name of ['a', 'b', 'c']) started.push(await this.start(name, options[name], over))
    await this.diary.ask.take()
    return started
  }

  /** The diary comes to hold just these lines. */
  async happens(lines: readonly string[], ...then: readonly PlayerRef[]): Promise<void> {
    const found: string[] = []
    while (found.length < lines.length) {
      found.push(...(await this.diary.ask.take()))
      await runtime().yieldToLoop()
    }
    for (const ref of then) await ref.ask.here()
    assert.deepEqual([...found, ...(await this.diary.ask.take())], lines)
  }

  /** Somebody has noted it. */
  async noted(line: string): Promise<void> {
    while ((await this.diary.ask.count(line)) === 0) await runtime().yieldToLoop()
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await runtime().yieldToLoop()
  }
}

const rules: Rule[] = []

function rule(name: string, options: SupervisorOptions, play: (stage: Stage) => Promise<void>): void {
  rules.push({ name, options, play })
}

function died(begun: 'no' | 'maybe', kind: string): (error: unknown) => boolean {
  return error => error instanceof ActorDiedError && error.begun === begun && error.reason.kind === kind
}

// ── tree and order ──

rule('R1, R2: children start in order, and stop in reverse order, one at a time', {}, async stage => {
  await stage.start('a')
  await stage.start('b', {}, stage.tree, 20)
  await stage.start('c')
  await stage.tree.stop()
  await stage.happens(['a starts', 'b starts', 'c starts', 'c shutdown', 'b shutdown', 'a shutdown'])
})

rule('R1: a child that does not start leaves nothing: no name, no place in the tree', {}, async stage => {
  await stage.diary.ask.failToStart('a', 1)
  await assert.rejects(stage.start('a', { name: 'first' }), ActorStartError)
  assert.deepEqual([whereis('first'), stage.tree.children], [undefined, []])
  assert.equal((await stage.start('a', { name: 'first' })).name, 'first')
})

rule('R1: a setup that fails takes down in reverse what it has started', {}, async stage => {
  await stage.diary.ask.failToStart('c', 1)
  const setup = async (below: Supervisor) => {
    for (const name of ['a', 'b', 'c']) await stage.start(name, {}, below)
  }
  await assert.rejects(stage.tree.startSupervisor({}, setup), ActorStartError)
  await stage.happens(['a starts', 'b starts', 'c does not start', 'b shutdown', 'a shutdown'])
})

rule(
  'R3: a child that does not stop within its budget is given up, and the rest goes on',
  {},
  async stage => {
    const a = await stage.start('a')
    const slow = await stage.start('slow', { shutdownMs: 30 }, stage.tree, 1_000_000)
    const brutal = await stage.start('brutal', { shutdownMs: 0 }, stage.tree, 1_000_000)
    await stage.tree.stop()
    assert.deepEqual(
      [slow, brutal, a].map(({ ended }) => ended?.kind),
      ['killed', 'killed', 'shutdown'],
    )
  },
)

rule('R3: a supervisor that was given a budget ends within it, with all below', {}, async stage => {
  let slow: PlayerRef | undefined
  await stage.tree.startSupervisor({ shutdownMs: 30 }, async below => {
    slow = await stage.start('slow', { shutdownMs: Number.POSITIVE_INFINITY }, below, 1_000_000)
  })
  await stage.tree.stop()
  assert.equal(slow?.ended?.kind, 'killed')
})

for (const [restart, after] of [
  ['permanent', { leave: true, fail: true }],
  ['transient', { leave: false, fail: true }],
  ['temporary', { leave: false, fail: false }],
] as const) {
  for (const how of ['leave', 'fail'] as const)
    rule(`R4: a ${restart} child that ${how}s is ${after[how] ? '' : 'not '}restarted`, {}, async stage => {
      const a = await stage.start('a', { restart })
      using watch = a.watch()
      a.tell[how]()
      if (after[how]) {
        await stage.happens(['a starts', 'a restart', 'a starts'], a)
        assert.equal(stage.tree.children.length, 1)
        return
      }
      assert.equal((await watch.down).kind, how === 'leave' ? 'stop' : 'failure')
      await stage.happens(['a starts', how === 'leave' ? 'a stop' : 'a failure'])
      assert.equal(stage.tree.children.length, 0)
    })
  rule(`R4: a ${restart} child that its ref stops is not restarted`, {}, async stage => {
    const a = await stage.start('a', { restart })
    await a.stop()
    await stage.happens(['a starts', 'a stop'])
    assert.deepEqual([a.ended?.kind, stage.tree.children.length], ['stop', 0])
  })
}

const restarted: Record<Strategy, string[]> = {
  one_for_one: ['b restart', 'b starts'],
  pool: ['b restart', 'b starts'],
  rest_for_one: ['c restart', 'b restart', 'b starts', 'c starts'],
  one_for_all: ['c restart', 'b restart', 'a restart', 'a starts', 'b starts', 'c starts'],
}
for (const [strategy, lines] of Object.entries(restarted) as [Strategy, string[]][])
  rule(`R5: ${strategy} restarts whom it names, in order`, { strategy }, async stage => {
    const [a, b, c] = (await stage.three()) as [PlayerRef, PlayerRef, PlayerRef]
    b.tell.fail()
    await stage.happens(lines, a, b, c)
  })

rule(
  'R4, R5: a temporary sibling that is taken down is not started again',
  { strategy: 'one_for_all' },
  async stage => {
    const [a, b, c] = (await stage.three({ c: { restart: 'temporary' } })) as [
      PlayerRef,
      PlayerRef,
      PlayerRef,
    ]
    a.tell.fail()
    await stage.happens(['c shutdown', 'b restart', 'a restart', 'a starts', 'b starts'], a, b)
    assert.equal(c.ended?.kind, 'shutdown')
  },
)

rule('R6: one death more than may be ends all, with the last cause', { maxRestarts: 2 }, async stage => {
  const [, b] = (await stage.three()) as [PlayerRef, PlayerRef, PlayerRef]
  for (let n = 0; n < 3; n += 1) b.tell.fail(`failure ${n}`)
  const { kind, error } = await stage.tree.ended
  assert.equal(kind, 'failure')
  assert.ok(error instanceof RestartLimitError && error.cause instanceof Misplayed)
  assert.match(error.message, /failure 2/)
  assert.deepEqual(stage.tree.children, [])
  await assert.rejects(stage.start('d'), ClosedError)
})

rule(
  'R6: one death counts once, however many it restarts',
  { maxRestarts: 2, strategy: 'one_for_all' },
  async stage => {
    const [a, b, c] = (await stage.three()) as [PlayerRef, PlayerRef, PlayerRef]
    for (const failing of [a, b]) {
      failing.tell.fail()
      await stage.happens(restarted.one_for_all, a, b, c)
    }
  },
)

rule('R6: a restart that fails counts again; limit 0 is the end at the first failure', {}, async stage => {
  const [a] = (await stage.three()) as [PlayerRef]
  await stage.diary.ask.failToStart('a', 1)
  a.tell.fail()
  assert.equal((await stage.tree.ended).kind, 'failure')
  const strict = supervisor({ maxRestarts: 0 })
  const d = await stage.start('d', {}, strict)
  d.tell.fail()
  assert.equal((await strict.ended).kind, 'failure')
})

rule(
  'R6: a child that keeps failing to start holds up neither its siblings nor a shutdown',
  { maxRestarts: 1_000_000_000 },
  async stage => {
    const [a, b] = (await stage.three()) as [PlayerRef, PlayerRef]
    await stage.diary.ask.failToStart('a', 1_000_000_000)
    a.tell.fail()
    await stage.until(() => stage.tree.children[0]?.suspended === true)
    b.tell.fail()
    await b.ask.here()
    await stage.start('d')
    await stage.tree.stop()
    assert.equal(a.ended?.kind, 'shutdown')
  },
)

rule(
  'R5: a sibling that does not start again is the next failure, of all',
  { strategy: 'one_for_all', maxRestarts: 3 },
  async stage => {
    const [a, b, c] = (await stage.three()) as [PlayerRef, PlayerRef, PlayerRef]
    await stage.diary.ask.failToStart('b', 1)
    a.tell.fail()
    const again = ['a restart', 'a starts', 'b starts', 'c starts']
    await stage.happens(
      ['c restart', 'b restart', 'a restart', 'a starts', 'b does not start', ...again],
      ...[a, b, c],
    )
  },
)

rule(
  'R5: an earlier sibling is left alone when a later one does not start again',
  { strategy: 'rest_for_one', maxRestarts: 3 },
  async stage => {
    const [a, b, c] = (await stage.three()) as [PlayerRef, PlayerRef, PlayerRef]
    await stage.diary.ask.failToStart('c', 1)
    b.tell.fail()
    await stage.happens(['c restart', 'b restart', 'b starts', 'c does not start', 'c starts'], a, b, c)
  },
)

rule(
  'R7, R8: the supervisor above restarts one that gave up, with what its setup starts',
  { maxRestarts: 3 },
  async stage => {
    const inner: PlayerRef[] = []
    const below = await stage.tree.startSupervisor({ maxRestarts: 0 }, async me => {
      inner.push(await stage.start('inner', {}, me))
      if (inner.length === 1) await stage.start('dynamic', {}, me)
    })
    inner[0]?.tell.fail()
    assert.equal((await below.ended).kind, 'failure')
    await stage.until(() => inner.length === 2)
    assert.equal(await inner[1]?.ask.here(), 'inner')
    assert.equal(inner[0]?.ended?.kind, 'shutdown')
    assert.equal(await stage.diary.ask.count('dynamic starts'), 1)
  },
)

rule('R7: a restart that fails too often escalates with its cause', { maxRestarts: 0 }, async stage => {
  let inner: PlayerRef | undefined
  await stage.tree.startSupervisor({ maxRestarts: 1 }, async me => {
    inner = await stage.start('inner', {}, me)
  })
  await stage.diary.ask.failToStart('inner', 9)
  inner?.tell.fail()
  const { error } = await stage.tree.ended
  const below = (error as RestartLimitError).cause as RestartLimitError
  assert.ok(below instanceof RestartLimitError && below.cause instanceof ActorStartError)
})

rule(
  'R9: a supervisor ends when its significant child has ended by itself',
  { autoShutdown: 'any' },
  async stage => {
    const a = await stage.start('a', { restart: 'transient', significant: true })
    const b = await stage.start('b')
    b.tell.fail()
    await b.ask.here()
    a.tell.leave()
    await stage.tree.ended
    assert.deepEqual([a.ended?.kind, b.ended?.kind], ['stop', 'shutdown'])
  },
)

rule('R10: a name is free before anybody hears of the end', {}, async stage => {
  const a = await stage.start('a', { name: 'the name', restart: 'temporary' })
  using watch = a.watch()
  const again = watch.down.then(() => stage.start('b', { name: 'the name' }))
  a.tell.fail()
  assert.equal(await (await again).ask.here(), 'b')
})

// ── messages and restarts ──

rule(
  'R11, R12: the ref and what waits survive a restart, the message that failed does not',
  {},
  async stage => {
    const a = await stage.start('a')
    a.tell.note('before')
    a.tell.fail()
    a.tell.note('after')
    await stage.happens(['a starts', 'a: before', 'a restart', 'a starts', 'a: after'], a)
  },
)

rule(
  'R13: what comes during a pause waits, as much as the mailbox holds; the rest are dead letters',
  { backoff: { minMs: 200, maxMs: 200 } },
  async stage => {
    const letters: DeadLetter[] = []
    const off = onDeadLetter(letter => letters.push(letter))
    const a = await stage.start('a')
    a.tell.fail()
    await stage.until(() => stage.tree.children[0]?.suspended === true)
    let taken = 0
    for (let n = 0; n < 5_000; n += 1) if (a.tell.add(1)) taken += 1
    assert.ok(taken > 4_000 && taken <= 4_097, String(taken))
    assert.equal(await a.ask.add(0), taken)
    assert.equal(letters.filter(({ reason }) => reason === 'full').length, 5_000 - taken)
    off()
  },
)

rule('R14: what was put aside survives a failure, in order', {}, async stage => {
  const a = await stage.start('a')
  a.tell.hold()
  a.tell.note('one')
  a.tell.note('two')
  a.tell.fail()
  a.tell.letGo()
  await stage.happens(['a starts', 'a restart', 'a starts', 'a: one', 'a: two'], a)
})

rule('R15: the timers of the last instance are gone', {}, async stage => {
  const a = await stage.start('a')
  a.tell.tick(20)
  a.tell.fail()
  a.tell.tick(60)
  await stage.happens(['a starts', 'a restart', 'a starts', 'a: ticks'], a)
})

rule('R16: children are stopped before their parent starts again', {}, async stage => {
  const a = await stage.start('a')
  await a.ask.child('child')
  a.tell.fail()
  await stage.happens(['a starts', 'child starts', 'child shutdown', 'a restart', 'a starts'], a)
})

rule('R16: children end with a parent that is given up', {}, async stage => {
  const a = await stage.start('a')
  await a.ask.child('child')
  const hanging = assert.rejects(a.ask.hang(), ActorDiedError)
  await stage.noted('a: hangs')
  await a.stop({ queued: 'drop', graceMs: 1 })
  await hanging
  await stage.happens(['a starts', 'child starts', 'a: hangs', 'child shutdown'])
})

rule(
  'R21: verdicts go by the class of the error, the child’s own first',
  {
    maxRestarts: 0,
    onError: [
      [Misplayed, 'stop'],
      [Forgiven, 'stop'],
    ],
  },
  async stage => {
    const a = await stage.start('a', { onError: [[Forgiven, 'resume']] })
    assert.equal(await a.ask.add(7), 7)
    a.tell.failForgiven()
    assert.equal(await a.ask.add(1), 8)
    using watch = a.watch()
    a.tell.fail()
    assert.equal((await watch.down).kind, 'failure')
    assert.equal(stage.tree.state, 'open')
    const b = await stage.start('b', { onError: [[Misplayed, 'escalate']] })
    b.tell.fail('up')
    const { error } = await stage.tree.ended
    assert.ok(error instanceof Misplayed && error.message === 'up')
  },
)

// ── watches and links ──

rule('R22, R25: each watch is told once, of the end and of no restart', {}, async stage => {
  const a = await stage.start('a')
  const watches: readonly Watch[] = [a.watch(), a.watch()]
  a.tell.fail()
  await a.ask.here()
  await a.stop()
  assert.deepEqual(
    (await Promise.all(watches.map(({ down }) => down))).map(({ kind }) => kind),
    ['stop', 'stop'],
  )
})

rule('R23: a watch of the dead is told at once', {}, async stage => {
  const [a, b] = [await stage.start('a', { restart: 'temporary' }), await stage.start('b')]
  await a.stop()
  assert.equal((await a.watch().down).kind, 'stop')
  await b.ask.watch(a as unknown as Ref)
  await stage.happens(['a starts', 'b starts', 'a stop', 'b: saw stop'], b)
})

rule(
  'R22: a watch is of one instance: a restarted watcher that watches again is told once',
  {},
  async stage => {
    const [a, b] = [await stage.start('a'), await stage.start('b')]
    await a.ask.watch(b as unknown as Ref)
    a.tell.fail()
    await a.ask.watch(b as unknown as Ref)
    await b.stop()
    await stage.happens(['a starts', 'b starts', 'a restart', 'a starts', 'b stop', 'a: saw stop'], a)
  },
)

rule('R27: its last messages come before the word of its end', {}, async stage => {
  const a = await stage.start('a', { restart: 'temporary' })
  using watch = a.watch()
  a.tell.tellAndDie(stage.diary, 500)
  await watch.down
  assert.equal(await stage.diary.ask.count('500'), 1)
})

rule(
  'R28: a failure goes over a link, an orderly end does not',
  { maxRestarts: 0, strategy: 'pool' },
  async stage => {
    const temporary = { restart: 'temporary' } as const
    const [a, b, c] = (await stage.three({ a: temporary, b: temporary, c: temporary })) as [
      PlayerRef,
      PlayerRef,
      PlayerRef,
    ]
    await a.ask.link(b as unknown as Ref)
    await a.ask.link(c as unknown as Ref)
    await c.stop()
    assert.equal(await a.ask.here(), 'a')
    using watch = a.watch()
    b.tell.fail()
    const { kind, error } = await watch.down
    assert.equal(kind, 'failure')
    assert.ok(error instanceof ActorDiedError)
  },
)

rule('R28: who traps exits is told instead, once for each link', {}, async stage => {
  const [a, b] = (await stage.three({ b: { restart: 'temporary' } })) as [PlayerRef, PlayerRef]
  await a.ask.trapExits()
  for (let n = 0; n < 2; n += 1) await a.ask.link(b as unknown as Ref)
  b.tell.fail()
  await stage.happens(['b failure', 'a: heard failure'], a)
  await a.ask.link(b as unknown as Ref)
  await stage.happens(['a: heard noproc'], a)
})

// ── asks ──

rule('R29: an end rejects at once what waits and what is worked on', {}, async stage => {
  const a = await stage.start('a')
  const asked = [a.ask.hang(), a.ask.here()]
  const endings = Promise.allSettled(asked)
  await stage.noted('a: hangs')
  await a.stop({ queued: 'drop', graceMs: 1 })
  const [first, second] = (await endings) as PromiseRejectedResult[]
  assert.ok(died('maybe', 'killed')(first?.reason), String(first?.reason))
  assert.ok(died('no', 'killed')(second?.reason), String(second?.reason))
  await assert.rejects(a.ask.here(), died('no', 'killed'))
})

rule(
  'R30: a restart rejects what is worked on, and keeps what waits',
  { strategy: 'one_for_all' },
  async stage => {
    const [a, b] = (await stage.three({ a: { shutdownMs: 20 } })) as [PlayerRef, PlayerRef]
    const hanging = assert.rejects(a.with({ timeoutMs: 60_000 }).ask.hang(), died('maybe', 'restart'))
    const waiting = a.ask.add(3)
    await stage.noted('a: hangs')
    b.tell.fail()
    await hanging
    assert.equal(await waiting, 3)
  },
)

rule('R31: what an ask throws goes to whoever asked, and the actor lives', {}, async stage => {
  const a = await stage.start('a')
  await a.ask.add(2)
  await assert.rejects(
    a.ask.fail('asked'),
    (error: Error) => error instanceof Misplayed && error.message === 'asked',
  )
  assert.equal(await a.ask.add(0), 2)
})

rule('R32: an answer that comes too late is dropped', {}, async stage => {
  const a = await stage.start('a')
  const late = a.with({ timeoutMs: 20 }).ask.untilGivenUp()
  await assert.rejects(late, TimeoutError)
  assert.equal(await a.ask.add(1), 1)
  await stage.happens(['a starts', 'a: given up'])
})

rule('R33: who gives up gives up the whole chain of asks', {}, async stage => {
  const [a, b] = [await stage.start('a'), await stage.start('b')]
  await assert.rejects(a.with({ timeoutMs: 30 }).ask.askSlowly(b), TimeoutError)
  await stage.happens(['a starts', 'b starts', 'b: given up'], a, b)
})

rule('R33: an ask that is made for one that was given up ends at once, too', {}, async stage => {
  const [a, b] = [await stage.start('a'), await stage.start('b')]
  await assert.rejects(a.with({ timeoutMs: 30 }).ask.askAfterwards(b), TimeoutError)
  await stage.happens(['a starts', 'b starts', 'a: rejected'], a, b)
})

// ── delivery ──

rule(
  'R35: messages of one sender to one actor keep their order; the first comes after its start',
  {},
  async stage => {
    const [a, b] = [await stage.start('a'), await stage.start('b')]
    await a.ask.tellMany(b, 300)
    await a.ask.here()
    await stage.happens(['a starts', 'b starts', ...Array.from({ length: 300 }, (_, n) => `b: ${n + 1}`)], b)
  },
)

rule('R36: a sender that tells more than is taken waits, and nothing is lost', {}, async stage => {
  const [a, b] = [await stage.start('a'), await stage.start('b')]
  for (let n = 0; n < 10; n += 1) await a.ask.tellMany(b, 1_000)
  while ((await stage.diary.ask.count('b: 1000')) < 10) await runtime().yieldToLoop()
})

rule('an order to stop is carried out after what waits', {}, async stage => {
  const a = await stage.start('a')
  for (let n = 1; n <= 3; n += 1) a.tell.note(`${n}`)
  await a.stop()
  await stage.happens(['a starts', 'a: 1', 'a: 2', 'a: 3', 'a stop'])
})

rule('many children start and stop in order', {}, async stage => {
  const names = Array.from({ length: 300 }, (_, n) => `${n}`)
  for (const name of names) await stage.start(name)
  await stage.tree.stop()
  const ends = names.toReversed().map(name => `${name} shutdown`)
  await stage.happens([...names.map(name => `${name} starts`), ...ends])
})

/** All of them. */
export const actorRules: readonly Rule[] = rules
