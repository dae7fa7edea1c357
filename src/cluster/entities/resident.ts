/**
 * One entity that lives here: its instance, what waits for it, and its state in the store.
 *
 *     call ─▶ line ─▶ turn: every call that waits, one after the other ─▶ one write (compare and set)
 *                                                                          │ ─▶ the answers
 *                                                                          └ refused: another one lives
 *                                                                            elsewhere; nothing is answered
 *
 * Its state is its own enumerable fields. A message that throws, or whose state and answer together
 * are too large to be stored, changes nothing. What was answered
 * last is stored with the state, so that a call which comes again is answered, not worked on.
 */
import type { Definition } from '../../actors/contract.ts'
import { PayloadTooLargeError } from '../../errors.ts'
import { decode, encode } from '../../wire/codec.ts'
import { toBytes } from '../../wire/portable/writer.ts'
import type { Engine } from '../engine.ts'
import { crossing, maxMessageBytes, smallerMessage } from '../messages.ts'
import { failureOf } from '../node-job.ts'
import { Answered } from './answered.ts'
import { type EntityCall, type Kept, type Reply, readKept, writeEntity } from './messages.ts'
import { stateKey } from './places.ts'
import { checkFields } from './private-fields.ts'
import type { Held } from './shard.ts'

const mostInOneTurn = 64
const limits = { maxBytes: maxMessageBytes, smaller: smallerMessage }
const smallerState =
  'It is the state of an entity, with its latest answers: keep less in its fields, answer in fewer words or to fewer asks at once, or let the server take longer messages (max_payload in its configuration).'

export interface ResidentHost {
  readonly engine: Engine
  answer(call: EntityCall, reply: Reply): void
  /** It is of no use any more: its state was changed elsewhere, or can't be written. */
  fenced(resident: Resident): void
}

/** A state as it would be stored. */
interface Packed {
  readonly value: unknown
  readonly special: boolean
  readonly bytes: Uint8Array
}

export class Resident {
  readonly id: string
  readonly #host: ResidentHost
  readonly #definition: Definition
  readonly #key: string
  readonly #held: Held
  readonly #line: EntityCall[] = []
  #instance: Record<string, unknown> = {}
  /** As it is in the store, or as it was made. */
  #saved: Packed | undefined
  #revision: number | undefined
  #answered = new Answered()
  #loaded = false
  #working = false
  #over = false

  constructor(host: ResidentHost, definition: Definition, key: string, id: string, held: Held) {
    this.#host = host
    this.#definition = definition
    this.#key = key
    this.id = id
    this.#held = held
  }

  get isIdle(): boolean {
    return !this.#working
  }

  /** False if too many wait. */
  take(call: EntityCall): boolean {
    if (this.#line.length >= this.#definition.capacity) return false
    if (this.#line.some(({ id }) => id === call.id)) return true
    this.#line.push(call)
    if (!this.#working) void this.#work()
    return true
  }

  /** Whatever it still does, nobody hears. */
  drop(): void {
    this.#over = true
    this.#line.length = 0
  }

  async #work(): Promise<void> {
    this.#working = true
    try {
      if (!this.#loaded) await this.#begin()
      while (this.#line.length > 0 && !this.#over) await this.#turn(this.#line.splice(0, mostInOneTurn))
    } catch {
      this.#fence() // The store does not answer: whoever asks again finds the state as it is there.
    } finally {
      this.#working = false
    }
  }

  async #begin(): Promise<void> {
    const record = await this.#host.engine.records('state').get(this.#storeKey)
    const kept = record === undefined ? undefined : readKept(record.bytes)
    this.#revision = record?.revision
    this.#answered = new Answered(kept?.answered)
    try {
      checkFields(this.#definition)
      this.#revive(kept)
      this.#saved = this.#packed()
      this.#loaded = true
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** It can't be made, or not be stored: whoever asks is told, and the next message tries again. */
  #refuse(error: unknown): void {
    const reply: Reply = { kind: 'failed', failure: failureOf(error) }
    const calls = this.#over || !this.#held.isHeld ? [] : this.#line.splice(0)
    for (const call of calls) this.#host.answer(call, reply)
    this.#fence()
  }

  /** A new instance, with the fields that were stored and no others. */
  #revive(kept: Pick<Kept, 'value' | 'special'> | undefined): void {
    const instance = new this.#definition.make(this.#key) as Record<string, unknown>
    this.#instance = instance
    if (kept === undefined) return
    const fields = decode(kept.value, kept.special, 'state') as Record<string, unknown>
    for (const name of Object.keys(fields)) if (Object.hasOwn(instance, name)) instance[name] = fields[name]
  }

  async #turn(calls: readonly EntityCall[]): Promise<void> {
    const answers: [EntityCall, Reply][] = []
    const changing: EntityCall[] = []
    const before = this.#saved as Packed // It was loaded before.
    let present = before
    for (const call of calls) {
      const known = this.#answered.find(call)
      if (known === 'late') continue
      if (known !== undefined) answers.push([call, known])
      else {
        const [reply, after] = await this.#worked(call, present)
        if (after !== present) {
          this.#answered.put(call, reply)
          changing.push(call)
        }
        present = after
        answers.push([call, reply])
      }
    }
    if (present !== before) {
      const kept = this.#keptBytes(present)
      if (!(kept instanceof Uint8Array)) return this.#takeBack(calls, changing, before, kept)
      if (!(await this.#commit(present, kept))) return this.#fence()
    }
    this.#answer(answers)
  }

  #answer(answers: readonly (readonly [EntityCall, Reply])[]): void {
    // An owner that was frozen since its last renewal must not tell of a state that is old.
    if (this.#over || !this.#held.isHeld) return this.#fence()
    for (const [call, reply] of answers) this.#host.answer(call, reply)
  }

  /** The reply, and the state after it: as before if the message has changed nothing. */
  async #worked(call: EntityCall, before: Packed): Promise<readonly [Reply, Packed]> {
    const method = this.#definition.methods.get(call.method)
    try {
      if (method === undefined || method.streams)
        throw new TypeError(`${this.#definition.name} has no method ${call.method} that entities answer`)
      const args = decode(call.args, call.special, 'args') as unknown[]
      const value: unknown = await method.fn.apply(this.#instance, args)
      const { value: sent, special } = encode(value, 'result', crossing)
      const after = this.#packed()
      return [
        { kind: 'done', value: sent, special },
        Buffer.compare(after.bytes, before.bytes) === 0 ? before : after,
      ]
    } catch (error) {
      this.#revive(before)
      return [{ kind: 'failed', failure: failureOf(error) }, before]
    }
  }

  /**
   * State and answers together are too large to be stored: as if none of the messages had come.
   * They are worked on one by one, so that only those hear of it that are too large by themselves.
   */
  async #takeBack(
    calls: readonly EntityCall[],
    changing: readonly EntityCall[],
    before: Packed,
    why: PayloadTooLargeError,
  ): Promise<void> {
    this.#revive(before)
    for (const call of changing) this.#answered.forget(call)
    const [call] = calls
    if (call !== undefined && calls.length === 1)
      return this.#answer([[call, { kind: 'failed', failure: failureOf(why) }]])
    for (const each of calls) if (!this.#over) await this.#turn([each])
  }

  #keptBytes({ value, special }: Packed): Uint8Array | PayloadTooLargeError {
    const [epoch, answered] = [this.#held.epoch, this.#answered.kept()]
    try {
      const bytes = writeEntity({ kind: 'kept', epoch, value, special, answered })
      const { mostBytes } = this.#host.engine.records('state')
      if (bytes.length <= mostBytes) return bytes
      return new PayloadTooLargeError(bytes.length, mostBytes, smallerState)
    } catch (error) {
      if (error instanceof PayloadTooLargeError) return error
      throw error
    }
  }

  async #commit(present: Packed, bytes: Uint8Array): Promise<boolean> {
    const records = this.#host.engine.records('state')
    const revision =
      this.#revision === undefined
        ? await records.create(this.#storeKey, bytes)
        : await records.replace(this.#storeKey, bytes, this.#revision)
    if (revision === undefined) return false
    this.#revision = revision
    this.#saved = present
    return true
  }

  #packed(): Packed {
    const { value, special } = encode({ ...this.#instance }, 'state', crossing)
    return { value, special, bytes: toBytes(value, special, limits) }
  }

  get #storeKey(): string {
    return stateKey(this.id.slice(0, this.id.length - this.#key.length - 1), this.#key)
  }

  #fence(): void {
    if (this.#over) return
    this.drop()
    this.#host.fenced(this)
  }
}
