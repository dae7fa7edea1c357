/**
 * `--input`: the inputs of a task, one for each call.
 *
 *     '[1, 2, 3]'  '42'  '{"n": 1}'   JSON as it stands: the items of a list, or one value
 *     numbers.json                    the same, from a file
 *     numbers.ndjson  numbers.jsonl   one JSON value a line, read as it is worked off
 *     'photos/*.jpg'  photo.jpg       files: each one's bytes, text or path (--as)
 *     -                               standard input, NDJSON or JSON
 */
import { createReadStream, type Stats, statSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { type ParseError, parseTree } from 'jsonc-parser'
import { reasonOf, shortened, UsageError } from './ending.ts'
import { decoded, linesOf } from './inputs/text.ts'
import type { FileForm } from './option-values.ts'

/** What a command was told of its inputs. */
export interface InputOptions {
  readonly input: readonly string[]
  readonly as?: FileForm
}

/** Where inputs come from. */
export interface Inputs {
  readonly items: Iterable<unknown> | AsyncIterable<unknown>
  /** How many there are, if that is known before they are read. */
  readonly count: number | undefined
}

/**
 * Opens the inputs of all `--input` options, one after the other. JSON from a file or the command
 * line is checked as a whole before anything runs; standard input and the files' contents are read
 * when their turn comes.
 * @throws UsageError, also from the iteration
 */
export async function openInputs(sources: readonly string[], as: FileForm | undefined): Promise<Inputs> {
  if (sources.length === 0) {
    throw new UsageError(
      `The task needs inputs: --input '[1, 2, 3]', --input numbers.ndjson, --input 'photos/*.jpg' or --input - (standard input).`,
    )
  }
  if (sources.filter(source => source === '-').length > 1)
    throw new UsageError('Standard input can be read once: give --input - once.')
  const parts: Inputs[] = []
  for (const source of sources) parts.push(await openSource(source, as))
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : joined(parts)
}

function joined(parts: readonly Inputs[]): Inputs {
  async function* items() {
    for (const part of parts) yield* part.items
  }
  const counts = parts.map(part => part.count)
  return {
    items: items(),
    count: counts.reduce(
      (sum, count) => (sum === undefined || count === undefined ? undefined : sum + count),
      0,
    ),
  }
}

async function openSource(source: string, as: FileForm | undefined): Promise<Inputs> {
  if (source.trim() === '')
    throw new UsageError("--input is empty. Give it JSON, a file or a pattern, as --input '[1, 2, 3]'.")
  if (source === '-') return { items: fromStandardInput(), count: undefined }
  const found = fileAt(source)
  if (found?.isDirectory()) {
    throw new UsageError(
      `${source} is a directory. Name the files in it: --input '${source.replace(/[\\/]$/, '')}/*'`,
    )
  }
  if (found !== undefined) return openFile(source, as)
  const inline = parseInline(source)
  if (inline !== undefined) return listed(inline.value)
  if (/[*?{[]/.test(source) && !/^\s*[[{"]/.test(source)) return openGlob(source, as)
  throw noSuchInput(source)
}

/** What was typed may be JSON of any length, far longer than a name of a file can be. */
function fileAt(source: string): Stats | undefined {
  try {
    return statSync(source, { throwIfNoEntry: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') return undefined
    throw unreadable(shortened(source, mostShown), error)
  }
}

/** The most of what was typed that a message repeats. */
const mostShown = 60

function noSuchInput(source: string): UsageError {
  const shown = shortened(source, mostShown)
  if (!/^\s*[[{"]/.test(source))
    return new UsageError(
      `No such file: ${shown}. It is not a JSON value either; text is quoted, as --input '"${shown}"'.`,
    )
  return new UsageError(
    `--input ${JSON.stringify(shown)} is broken JSON. Quote it for the shell: --input '[1, 2, 3]'`,
  )
}

function parseInline(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text.replace(/^\uFEFF/, '')) }
  } catch {
    return undefined
  }
}

function listed(value: unknown): Inputs {
  const items = Array.isArray(value) ? value : [value]
  if (items.length === 0) throw new UsageError('--input is an empty list: there is nothing to run.')
  return { items, count: items.length }
}

async function openFile(path: string, as: FileForm | undefined): Promise<Inputs> {
  if (as !== undefined) return { items: contents([path], as), count: 1 }
  if (/\.(ndjson|jsonl)$/i.test(path)) return openLines(path)
  if (/\.json$/i.test(path)) return listed(parseDocument(path, await readText(path)))
  return { items: contents([path], 'bytes'), count: 1 }
}

async function openGlob(pattern: string, as: FileForm | undefined): Promise<Inputs> {
  const paths: string[] = []
  for await (const path of glob(pattern))
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) paths.push(path)
  if (paths.length === 0)
    throw new UsageError(
      `No file matches ${pattern} in ${process.cwd()}. Quote the pattern, and check its folder.`,
    )
  return { items: contents(paths.sort(), as ?? 'bytes'), count: paths.length }
}

async function* contents(paths: readonly string[], as: FileForm): AsyncGenerator<unknown, void, void> {
  for (const path of paths) {
    if (as === 'path') yield path
    else if (as === 'text') yield await readText(path)
    else yield new Uint8Array(await readBytes(path))
  }
}

/**
 * A file of lines is read twice: once to find a broken line before any work is done, once for the
 * work.
 */
async function openLines(path: string): Promise<Inputs> {
  let count = 0
  for await (const _ of fromLines(path)) count += 1
  if (count === 0) throw new UsageError(`${path} is empty: there is nothing to run.`)
  return { items: fromLines(path), count }
}

async function* fromLines(path: string): AsyncGenerator<unknown, void, void> {
  try {
    for await (const { number, line } of numbered(linesOf(createReadStream(path))))
      yield parseLine(path, number, line)
  } catch (error) {
    throw unreadable(path, error)
  }
}

/**
 * Standard input is NDJSON if its first line is a JSON value by itself and another line follows;
 * else it is one JSON document. So lines are worked off as they come, and a document may be spread
 * over lines.
 */
async function* fromStandardInput(): AsyncGenerator<unknown, void, void> {
  const name = 'standard input'
  standardInputOpened = true
  const lines = numbered(linesOf(process.stdin))
  const first = await lines.next()
  if (first.done) throw new UsageError('Standard input is empty. Pipe JSON or one JSON value a line into it.')
  const begun = parseInline(first.value.line)
  const second = begun === undefined ? undefined : await lines.next()
  if (begun !== undefined && second?.done === false) {
    yield begun.value
    yield parseLine(name, second.value.number, second.value.line)
    for await (const { number, line } of lines) yield parseLine(name, number, line)
  } else if (begun !== undefined) {
    yield* listed(begun.value).items
  } else {
    const rest = await Array.fromAsync(lines, ({ line }) => line)
    yield* listed(parseDocument(name, [first.value.line, ...rest].join('\n'))).items
  }
}

let standardInputOpened = false

/**
 * Standard input that nobody reads any more, but whose other end stays open, would keep the program
 * alive.
 */
export function releaseStandardInput(): void {
  if (standardInputOpened) process.stdin.destroy()
}

/** Lines that are not blank, with their numbers from 1. */
async function* numbered(
  lines: AsyncIterable<string>,
): AsyncGenerator<{ number: number; line: string }, void, void> {
  let number = 0
  for await (const line of lines) {
    number += 1
    if (line.trim() !== '') yield { number, line }
  }
}

function parseLine(name: string, number: number, line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new UsageError(
      `${name}, line ${number}: broken JSON: ${jsonComplaint(error)}. Each line must be one JSON value.`,
    )
  }
}

function parseDocument(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${name}, line ${brokenLine(text)}: broken JSON: ${jsonComplaint(error)}.`)
  }
}

/**
 * What the platform's parser says, without its quotation of the text and without a position, which
 * it often omits.
 */
function jsonComplaint(error: unknown): string {
  return (error as Error).message
    .replace(/, (\.\.\.)?"[\s\S]*is not valid JSON$/, '')
    .replace(/ (in JSON )?at position [\s\S]*$/, '')
    .trim()
}

/** The line of the first error, from 1. */
function brokenLine(text: string): number {
  const errors: ParseError[] = []
  parseTree(text, errors, { disallowComments: true, allowTrailingComma: false })
  return text.slice(0, errors[0]?.offset ?? text.length).split('\n').length
}

async function readText(path: string): Promise<string> {
  return decoded(await readBytes(path))
}

async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch(error => {
    throw unreadable(path, error)
  })
}

function unreadable(name: string, error: unknown): UsageError {
  if (error instanceof UsageError) return error
  return new UsageError(`${name} can't be read: ${reasonOf(error)}. Check it and its permissions.`, {
    cause: error,
  })
}
