/** How far a long command is, on stderr; nothing at all when stderr is not a terminal. */
import cliProgress from 'cli-progress'

/** A bar that is there until it is stopped. */
export interface Progress {
  /** `done` of `total` (unknown: undefined), and what goes on now. */
  show(done: number, total: number | undefined, what?: string): void
  stop(): void
}

/** A bar that nobody sees. */
export const noProgress: Progress = { show() {}, stop() {} }

/** Starts a bar under `title`. Stop it before anything else is written to the terminal. */
export function startProgress(title: string): Progress {
  if (!process.stderr.isTTY || process.env['TERM'] === 'dumb') return noProgress
  // The cursor stays visible: an interrupt may end the program before a bar could bring it back.
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: false,
    format: line,
    fps: 10,
  })
  bar.start(1, 0, { title, what: '', known: false })
  return {
    show(done, total, what = '') {
      bar.setTotal(Math.max(total ?? done, 1))
      bar.update(done, { what, known: total !== undefined })
    },
    stop: () => bar.stop(),
  }
}

const barWidth = 24

function line(
  _: unknown,
  { value, total }: { value: number; total: number },
  payload: { title: string; what: string; known: boolean },
): string {
  if (!payload.known) return `${payload.title}  ${value} done  ${payload.what}`
  const full = Math.round((barWidth * Math.min(value, total)) / total)
  return `${payload.title}  ${'█'.repeat(full)}${'░'.repeat(barWidth - full)}  ${Math.floor(value)} of ${total}  ${payload.what}`
}
