import type { Ask } from '../ask.ts'
import type { StopReason } from '../reason.ts'
import type { Request } from './items.ts'

/** The link as its targets see it. */
export interface TargetLink {
  readonly broken: StopReason | undefined
  readonly holding: { readonly silence: { readonly ms: number } }
  sendTell(to: number, method: string, args: readonly unknown[]): void
  sendAsk(ask: Ask, to: number, method: string, args: readonly unknown[]): void
  /** Nobody reads the stream of that number any more. */
  leaveStream(stream: number): void
  request(ask: Ask, request: Request): void
  kill(): void
  readonly values: {
    wire(value: unknown, root: string): { readonly value: unknown; readonly special: boolean }
  }
  exit(to: number, reason: StopReason, from: string): void
  /** Goes on there with the search for one that is held up. */
  held(to: number, search: number): void
  joins(to: number, restart: number): void
}
