/**
 * What the backends of all models have in common: waits for room, pauses before repeats, and the
 * close. Admission decides; each backend says what it does for that.
 */
import type { ClosedError } from '../errors.ts'
import { Admission, type AdmissionOwner } from './admission.ts'
import type { Backend, Closing, LongCall } from './backend.ts'
import type { Pause, Paused } from './repeat/pauses.ts'

type Shared = Pick<Backend, 'name' | 'closeGraceMs' | 'pause' | 'room' | 'accept' | 'left' | 'close'>

export abstract class Admitting implements AdmissionOwner, Shared {
  readonly name: string
  readonly closeGraceMs: number
  protected readonly admission: Admission

  constructor(name: string, closeGraceMs: number) {
    this.name = name
    this.closeGraceMs = closeGraceMs
    this.admission = new Admission(this)
  }

  abstract places(): number
  abstract refuseQueued(why: ClosedError): void
  abstract force(why: ClosedError): void
  abstract finish(): boolean

  pause(ms: number, paused: Paused): Pause {
    return this.admission.pause(ms, paused)
  }

  room(signal: AbortSignal | undefined, accepted?: boolean): Promise<void> {
    return this.admission.room.wait(signal, accepted)
  }

  accept(call: LongCall): boolean {
    return this.admission.accept(call)
  }

  left(): void {
    this.admission.checkClosed()
  }

  close(closing: Closing): Promise<void> {
    return this.admission.close(closing)
  }
}
