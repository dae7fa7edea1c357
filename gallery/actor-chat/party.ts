/**
 * A chat room by actors: what anybody says, everybody hears, all in the same order, though each
 * guest has a bug that ends it now and then.
 *
 *     Guest ─ say ─▶ Room, which numbers it ─ hear ─▶ every Guest
 *     Guest ✗ ─▶ supervisor ─▶ a new Guest ─ enter ─▶ Room ─ all that was said so far ─▶ Guest
 *
 * A room is an actor, so it takes one line at a time: that alone makes the order the same for all.
 * It tells its guests and never asks them, so no circle of asks can come about.
 */
import { actor, type Ref, type StartOptions, self, supervisor } from '../../src/actors.ts'
import { sleep } from '../../src/index.ts'

export const Room = actor(
  import.meta,
  class Room {
    readonly #guests = new Map<string, Ref<InstanceType<typeof Guest>>>()
    readonly #said: string[] = []

    /** Lets a guest in, or back in; returns what was said so far. */
    enter(name: string, guest: Ref<InstanceType<typeof Guest>>): readonly string[] {
      this.#guests.set(name, guest)
      return this.#said
    }

    say(name: string, line: string): void {
      const number = this.#said.push(`${name}: ${line}`)
      for (const guest of this.#guests.values()) guest.tell.hear(number, `${name}: ${line}`)
    }
  },
)

export const Guest = actor(
  import.meta,
  class Guest {
    readonly #name: string
    readonly #room: Ref<InstanceType<typeof Room>>
    readonly #failsEvery: number
    #heard: string[] = []

    constructor(name: string, room: Ref<InstanceType<typeof Room>>, failsEvery: number) {
      this.#name = name
      this.#room = room
      this.#failsEvery = failsEvery
    }

    /** Its own memory is gone with each failure; the room's is not. */
    async onStart(): Promise<void> {
      this.#heard = [...(await this.#room.ask.enter(this.#name, self().ref as never))]
    }

    speak(line: string): void {
      this.#room.tell.say(this.#name, line)
    }

    hear(number: number, line: string): void {
      if (number <= this.#heard.length) return // It was among what the room told when it came in.
      if (number % this.#failsEvery === 0) throw new Error(`${this.#name} can't hear line ${number}`)
      this.#heard.push(line)
    }

    transcript(): readonly string[] {
      return this.#heard
    }
  },
)

export interface Party {
  /** What each guest has heard. */
  readonly transcripts: readonly (readonly string[])[]
  readonly failures: number
}

/** So many guests say so many lines each; the actors live on `options.on`, or here. */
export async function party(
  guests: number,
  linesEach: number,
  failsEvery: number,
  options: Pick<StartOptions, 'on'> = {},
): Promise<Party> {
  let failures = 0
  await using tree = supervisor({
    name: 'party',
    maxRestarts: guests * guests * linesEach,
    onFailure() {
      failures += 1
    },
  })
  const room = await tree.start(Room, [], options)
  const names = Array.from({ length: guests }, (_, at) => `guest ${at + 1}`)
  const refs = await Promise.all(
    names.map(name => tree.start(Guest, [name, room, failsEvery], { ...options, name })),
  )
  for (let line = 1; line <= linesEach; line += 1) for (const ref of refs) ref.tell.speak(`line ${line}`)
  const transcripts = refs.map(async ref => {
    for (;;) {
      const heard = await ref.with({ timeoutMs: 60_000 }).ask.transcript()
      if (heard.length === guests * linesEach) return heard
      await sleep(1)
    }
  })
  return { transcripts: await Promise.all(transcripts), failures }
}

if (import.meta.main) {
  const { transcripts, failures } = await party(10, 50, 40)
  const [first] = transcripts
  const alike = transcripts.every(heard => heard.join() === first?.join())
  console.log(
    `10 guests heard ${first?.length} lines each, ${alike ? 'all in one order' : 'in different orders'}; they failed ${failures} times`,
  )
}
