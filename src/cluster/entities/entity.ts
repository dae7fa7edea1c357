/**
 * Entities as programs see them: objects by name, which live on one of the nodes.
 *
 *     entity(Account, 'alice').ask.deposit(5)
 *        └─▶ shard ─▶ its owner, by the record ─▶ EntityCall ─▶ … ─▶ EntityAnswer
 *              │ nobody, or silent: Claim          └ no answer: look for the owner, and ask again
 *
 * A call has one id, however often it is sent; a state remembers the ids that have changed it.
 */

import type { Definition, Limits, Method, Target } from '../../actors/contract.ts'
import type { ActorClass } from '../../actors/definition.ts'
import { definitionIn } from '../../actors/definition.ts'
import type { AskOptions, Asks, Tells } from '../../actors/ref.ts'
import { checkOptions, checkSignal, checkTimeout, optionNames } from '../../checks.ts'
import { ClosedError, OptionError, TimeoutError } from '../../errors.ts'
import { type Parked, park } from '../../runtime/park.ts'
import { runtime } from '../../runtime/runtime.ts'
import { messageOf } from '../../thrown.ts'
import { decode, encode, MessageDecoding } from '../../wire/codec.ts'
import { decodeFailure } from '../../wire/failure.ts'
import type { Engine } from '../engine.ts'
import { DeniedError } from '../errors.ts'
import { crossing } from '../messages.ts'
import { type EntityCall, type Reply, readAnswer, readCall, readOwner, writeEntity } from './messages.ts'
import { callerSubject, hostsSubject, ownerKey, shardOf, shardSubject, typeOf } from './places.ts'
import { checkFields } from './private-fields.ts'

/** An entity: the same whichever node it lives on, and after it has moved. */
export interface Entity<T extends object = object> {
  /**
   * `await alice.ask.deposit(5)`: rejects with what the method threw. A message that changes the
   * state takes effect once, however often nodes die meanwhile; one that changes nothing may be
   * worked on again. Rejects with TimeoutError after 5 s, or as `with` says: it may take effect;
   * with EngineUnavailableError or DeniedError where there is no store to use.
   */
  readonly ask: Asks<T>
  /**
   * Sends and goes on; `close()` waits for it within its grace. False once the cluster is closed.
   * @throws SerializationError, PayloadTooLargeError, as the tell of an actor elsewhere
   */
  readonly tell: Tells<T>
  readonly key: string
  /** @throws OptionError */
  with(options: AskOptions): Entity<T>
}

const askOptionNames = optionNames<AskOptions>({ timeoutMs: true, signal: true })
const usualLimits: Limits = { timeoutMs: 5_000, signal: undefined }
/** How long an answer is waited for, until its owner is looked for anew; it doubles. */
const shortestWaitMs = 50
const longestWaitMs = 1_000

export class Entities {
  readonly #engine: Engine
  readonly #id: string
  readonly #waiting = new Map<string, Parked<Reply>>()
  /** Numbers of the calls that are not answered, in their order. */
  readonly #outstanding = new Set<number>()
  /** What was told and is not answered, by its id. */
  readonly #tells = new Map<string, Promise<void>>()
  /** The epoch of each shard's owner, as far as it is known. */
  readonly #epochs = new Map<number, number>()
  #silence: (() => void) | undefined
  #numbered = 0
  #isOpen = false
  #closed = false

  constructor(engine: Engine, id: string) {
    this.#engine = engine
    this.#id = id
  }

  /** @throws InvalidActorError, OptionError */
  of<T extends object, A extends readonly any[]>(cls: ActorClass<T, A>, key: string): Entity<T> {
    const definition = definitionIn(cls, 'entity(cls, key)')
    checkFields(definition)
    if (typeof key !== 'string' || key === '' || key.length > 500)
      throw new OptionError(
        `entity(${definition.name}, key) takes a text of 1 to 500 letters; it got ${JSON.stringify(key)}.`,
      )
    this.#silence ??= this.#engine.listen(callerSubject(this.#id), bytes => this.#hear(bytes))
    const type = typeOf(definition)
    const address = { definition, key, type, shard: shardOf(type, key) }
    return new EntityRef(this, address, usualLimits) as unknown as Entity<T>
  }

  /**
   * Asks are given up; resolves when no tell is under way any more. Never rejects.
   */
  async close(): Promise<void> {
    this.#closed = true
    for (const [id, parked] of this.#waiting) if (!this.#tells.has(id)) parked.fail(closedEarly())
    await Promise.all(this.#tells.values())
    this.#silence?.()
  }

  /** The grace is over: nothing more is waited for. */
  giveUp(): void {
    this.#closed = true
    for (const parked of this.#waiting.values()) parked.fail(closedEarly())
  }

  /**
   * Rejects with what the method threw, with TimeoutError, ClosedError, SerializationError,
   * EngineUnavailableError, DeniedError.
   */
  async ask(address: Address, method: string, args: readonly unknown[], limits: Limits): Promise<unknown> {
    if (this.#closed) throw new ClosedError('The cluster is closed.')
    return this.#answerTo(this.#sendingOf(address, method, args), address, limits)
  }

  /**
   * False if the cluster is closed.
   * @throws SerializationError, PayloadTooLargeError
   */
  tell(address: Address, method: string, args: readonly unknown[], limits: Limits): boolean {
    if (this.#closed) return false
    const sending = this.#sendingOf(address, method, args)
    const { id } = sending.call
    const over = () => void this.#tells.delete(id)
    this.#tells.set(id, this.#answerTo(sending, address, limits).then(over, over))
    return true
  }

  /** @throws SerializationError, PayloadTooLargeError */
  #sendingOf({ type, key }: Address, method: string, args: readonly unknown[]): Sending {
    const number = this.#numbered + 1
    const { value, special } = encode(args, 'args', crossing)
    const call: EntityCall = {
      ...{ kind: 'entity', id: `${this.#id}-e${number}`, type, key, method, args: value, special },
      ...{ to: this.#id, number, oldest: this.#oldest ?? number },
    }
    const bytes = writeEntity(call)
    this.#numbered = number
    return { call, bytes, oldest: call.oldest, problem: undefined }
  }

  async #answerTo(
    sending: Sending,
    { definition, key, shard }: Address,
    { timeoutMs, signal }: Limits,
  ): Promise<unknown> {
    const { id, number, method } = sending.call
    const parked = park<Reply>(`${definition.name} ${key} to answer ${method}`, this, {
      signal,
      timeoutMs,
    })
    this.#waiting.set(id, parked)
    this.#outstanding.add(number)
    void this.#send(sending, shard, parked)
    try {
      return answered(await parked.promise)
    } catch (error) {
      if (!(error instanceof TimeoutError) || parked.state !== 'given up') throw error
      const why = sending.problem === undefined ? '' : ` (${messageOf(sending.problem)})`
      throw new TimeoutError(
        `${definition.name} ${key} did not answer ${method}() within ${timeoutMs} ms${why}; the message may take effect all the same.`,
        timeoutMs,
      )
    } finally {
      this.#waiting.delete(id)
      this.#outstanding.delete(number)
    }
  }

  /** The first call that is not answered. */
  get #oldest(): number | undefined {
    return this.#outstanding.values().next().value
  }

  /** Again and again, until there is an answer or nobody waits. Never rejects. */
  async #send(sending: Sending, shard: number, parked: Parked<Reply>): Promise<void> {
    if (!this.#isOpen)
      try {
        await this.#engine.open()
        this.#isOpen = true
      } catch (error) {
        parked.failFor(error)
        return
      }
    let isFirst = true
    for (
      let waitMs = shortestWaitMs;
      parked.state === 'waiting';
      waitMs = Math.min(2 * waitMs, longestWaitMs)
    ) {
      const known = isFirst ? this.#epochs.get(shard) : undefined
      const epoch = known ?? (await this.#ownerOf(shard, isFirst).catch(failed))
      if (parked.state !== 'waiting') return
      isFirst = false
      if (typeof epoch !== 'number') {
        sending.problem = epoch?.error
        if (sending.problem instanceof DeniedError) parked.failFor(sending.problem)
        waitMs = shortestWaitMs / 10
        await pass(waitMs)
        continue
      }
      this.#engine.publish(shardSubject(shard, epoch), sending.bytes)
      await Promise.race([parked.promise.then(undefinedly, undefinedly), pass(waitMs)])
      if (parked.state === 'waiting') this.#renew(sending)
    }
  }

  /** Before it is sent again: answers to calls that are not outstanding need not be kept. */
  #renew(sending: Sending): void {
    const oldest = this.#oldest ?? sending.call.number
    if (oldest === sending.oldest) return
    sending.oldest = oldest
    // Of the bytes: its arguments may be others by now.
    sending.bytes = writeEntity({ ...(readCall(sending.bytes) as EntityCall), oldest })
  }

  /** The epoch of its owner; undefined if there is none, and then one is asked for. */
  async #ownerOf(shard: number, isFirst: boolean): Promise<number | undefined> {
    const record = await this.#engine.records('owners').get(ownerKey(shard))
    const owner = record === undefined ? undefined : readOwner(record.bytes)
    const isOwned = owner !== undefined && owner.node !== ''
    if (!isOwned || !isFirst) this.#engine.publish(hostsSubject, writeEntity({ kind: 'claim', shard }))
    if (!isOwned) return undefined
    this.#epochs.set(shard, owner.epoch)
    return owner.epoch
  }

  #hear(bytes: Uint8Array): void {
    const answer = readAnswer(bytes)
    if (answer !== undefined) this.#waiting.get(answer.id)?.unpark(answer.reply)
  }
}

/** A call on its way. */
interface Sending {
  readonly call: EntityCall
  bytes: Uint8Array
  /** As the bytes say it. */
  oldest: number
  /** Why its owner could not be looked for. */
  problem: unknown
}

/** What an entity is, and where. */
interface Address {
  readonly definition: Definition
  readonly key: string
  readonly type: string
  readonly shard: number
}

class EntityRef implements Pick<Target, 'tell'> {
  readonly #entities: Entities
  readonly #address: Address
  readonly #limits: Limits
  readonly key: string
  readonly ask: object
  readonly #tells: object

  constructor(entities: Entities, address: Address, limits: Limits) {
    const { definition, key } = address
    this.#entities = entities
    this.#address = address
    this.#limits = limits
    this.key = key
    const target = {
      ask: (method: Method, args: readonly unknown[]) => entities.ask(address, method.name, args, limits),
      tell: (method: Method, args: readonly unknown[]) => entities.tell(address, method.name, args, limits),
      stream: () => {
        throw new OptionError(`An entity answers with values: ${definition.name} is asked for a stream.`)
      },
    } as unknown as Target
    this.ask = new definition.Ask(target, undefined)
    this.#tells = new definition.Tell(target)
  }

  get tell(): never {
    return this.#tells as never
  }

  with(options: AskOptions): EntityRef {
    const checked = checkOptions('entity.with(…)', options, askOptionNames)
    const { timeoutMs = this.#limits.timeoutMs, signal = this.#limits.signal } = checked
    checkTimeout('entity.with({ timeoutMs })', timeoutMs)
    checkSignal('entity.with({ signal })', signal)
    return new EntityRef(this.#entities, this.#address, { timeoutMs, signal })
  }
}

const closedEarly = (): ClosedError =>
  new ClosedError('The cluster was closed before the entity had answered.')

const failed = (error: unknown): { readonly error: unknown } => ({ error })

function answered(reply: Reply): unknown {
  if (reply.kind === 'done') return decode(reply.value, reply.special)
  throw decodeFailure(reply.failure, new MessageDecoding())
}

const undefinedly = (): void => {}

function pass(ms: number): Promise<void> {
  return new Promise(resolve => void runtime().setTimer(ms, resolve))
}
