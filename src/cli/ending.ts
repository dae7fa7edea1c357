/** How a command ends: its exit codes, and the errors that carry one. */
import { harmless } from '../live/harmless.ts'

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  undecided: 3,
  timeout: 124,
  /** Of a command that `atonce time` starts, as shells have these two. */
  notExecutable: 126,
  notFound: 127,
  /** SIGHUP: the terminal of `cluster up` was closed. */
  hungUp: 129,
  /** Ctrl-C: 128 and the number of the signal, as shells have it. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

interface CommandErrorOptions extends ErrorOptions {
  readonly detail?: string | undefined
  readonly short?: string | undefined
}

/**
 * What ends a command early. The message is one line for the user; `detail` follows it, for errors
 * in the user's code.
 */
export class CommandError extends Error {
  readonly exitCode: ExitCode
  readonly detail: string | undefined
  /** The message where it is about one of many, which is named already. */
  readonly short: string

  constructor(exitCode: ExitCode, message: string, options: CommandErrorOptions = {}) {
    super(oneLine(message), options)
    this.exitCode = exitCode
    this.detail = options.detail
    this.short = options.short ?? this.message
  }
}

/**
 * What was typed, or what it names, is wrong; the message says what was found and what to do about
 * it.
 */
export class UsageError extends CommandError {
  constructor(message: string, options?: ErrorOptions) {
    super(exitCodes.usage, message, options)
  }
}

/**
 * What the user's code does can't be stopped: the program ends as soon as the line is written,
 * whatever still runs.
 */
export class AbandonedError extends CommandError {}

/**
 * Messages of other programs' errors may have many lines; a line of ours quotes the first, and
 * nothing that would drive the terminal.
 */
export function oneLine(text: string): string {
  return harmless(text.split('\n', 1)[0] ?? '').trim()
}

/** The first characters of a long text. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

/** What was thrown, in one line: `RangeError: n must be positive`. */
export function summaryOf(error: unknown): string {
  if (error instanceof Error) return oneLine(`${error.name}: ${error.message}`)
  return `${typeof error} ${oneLine(String(error))}`
}

/** What the system said about a file, without our own name for it. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return (code === undefined ? undefined : systemReasons[code]) ?? oneLine(message)
}

const systemReasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a directory',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'no more of the disk is granted to this user',
  EFBIG: 'the file would grow larger than is allowed',
  EPIPE: 'its reader has gone',
  ENXIO: 'nobody listens there',
  EBADF: 'no such descriptor is open',
  ELOOP: 'its links go round in a circle',
  ENAMETOOLONG: 'its name is too long',
}

/**
 * The frames of an error that stand in the user's code: neither Node's own, nor the library's, nor
 * the caller's.
 */
export function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const [farSide = ''] = (error.stack ?? '').split('── called from ──')
  const frames = farSide
    .split('\n')
    .filter(line => /^\s+at /.test(line) && !line.includes('(node:') && !isOwnFrame(line))
  return frames.length === 0 ? undefined : frames.map(harmless).join('\n')
}

const library = new URL('../', import.meta.url).href

function isOwnFrame(line: string): boolean {
  return line.includes(library) && !line.includes(`${library}cli/`)
}
