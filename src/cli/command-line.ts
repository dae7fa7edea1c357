/**
 * The commands and their options; and how every command ends. The code of a command is loaded when
 * it is called: what it needs (the gallery, NATS, plots) takes longer to load than most commands
 * take.
 *
 *     argv ─▶ commander ─▶ run | compare | advise | scale | trace | time | timeit | gallery | ps | doctor ─▶ exit code
 *                                   └─ CommandError ─▶ one line on stderr ─▶ exit code
 */
import { Command, CommanderError, Option } from 'commander'
import { AtonceError, OptionError } from '../index.ts'
import { harmless } from '../live/harmless.ts'
import { addClusterCommands } from './cluster-commands.ts'
import { leave, refuseEarlyExit } from './early-exit.ts'
import { AbandonedError, CommandError, type ExitCode, exitCodes, oneLine, summaryOf } from './ending.ts'
import { releaseStandardInput } from './inputs.ts'
import { jsonLine } from './json.ts'
import {
  models,
  parseCount,
  parseFileForm,
  parseModel,
  parseModels,
  parseNumbers,
  parseSize,
} from './option-values.ts'
import { print, printed } from './print.ts'
import { closerCommand, closeWhenLeft } from './ps/closer.ts'
import { resultStream } from './result-stream.ts'
import { complaint, quietComplaint } from './style.ts'
import { version } from './surroundings.ts'

/**
 * Runs the command in `argv` (as `process.argv` has it) and returns the exit code; writes errors to
 * stderr itself.
 */
export async function commandLine(argv: readonly string[]): Promise<ExitCode> {
  const asJson = wantsJson(argv)
  const ending = { code: exitCodes.ok as ExitCode }
  const allowExit = refuseEarlyExit(asJson)
  const stranded = Promise.withResolvers<never>()
  const strand = () => stranded.reject(new CommandError(exitCodes.failed, nothingLeft))
  process.once('beforeExit', strand)
  try {
    await Promise.race([program(ending).parseAsync(argv), stranded.promise])
    await printed()
    return ending.code
  } catch (error) {
    const code = await complain(error, asJson)
    if (error instanceof AbandonedError) {
      await printed()
      leave(code)
    }
    return code
  } finally {
    process.off('beforeExit', strand)
    allowExit()
    releaseStandardInput()
  }
}

/** Behind `--` stand the words of a command that we time, whose options are its own. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}

/** The event loop has run dry before the command was done. */
const nothingLeft =
  'Nothing is left to wait for, yet the work is not done: a promise in the task or at the top level of its module never settles.'

function program(ending: { code: ExitCode }): Command {
  const atonce = new Command('atonce')
    .description('One function, every concurrency model: run it, compare the models, know your machine.')
    .version(version(), '-V, --version')
    .configureHelp({ sortOptions: false })
    .configureOutput({
      outputError: () => {}, // The error is thrown as well; complain() writes it.
      writeOut: text => void resultStream().write(text),
      getOutHelpWidth: () => resultStream().columns,
    })
    .exitOverride()
    .enablePositionalOptions()
    .addHelpText('after', examples)

  withTask(
    atonce.command('run'),
    '<file#task>',
    'module and task, as ./primes.ts#countPrimes; #task may be left out if there is one',
  )
    .summary('run a task over inputs on one model')
    .description('Runs a task over its inputs; one JSON result a line, in the order of the inputs.')
    .addOption(modelOption())
    .addOption(workersOption())
    .addOption(timeoutOption())
    .option('--output <file>', 'write the results there: a file whole or not at all, else into it')
    .option('--json', 'one JSON document (schema atonce.run/1) instead of lines')
    .action(async (target, options) => {
      const { run } = await import('./run.ts')
      ending.code = await run(target, options)
    })

  withTask(
    atonce.command('compare'),
    '<target...>',
    'module and task, as ./primes.ts#countPrimes, or a workload of the gallery',
  )
    .summary('measure every model beside the plain loop')
    .description(
      'Does the same work as a plain loop and on every model, in turns; checks each answer, says which to use.',
    )
    .option('--size <size>', 'of workloads: S, M, L or workshop', parseSize)
    .addOption(
      new Option('--on <models>', 'which models, with commas')
        .default([...models], models.join(','))
        .argParser(parseModels),
    )
    .addOption(workersOption())
    .option('--runs <n>', 'measured runs of each model; default: as many as it needs', parseCount('--runs'))
    .addOption(timeoutOption())
    .option('--report <file.html>', 'write a report with plots, and pictures beside it')
    .option('--json', 'a JSON document (schema atonce.compare/1)')
    .option('--accept-undecided', 'exit code 0, not 3, when the machine is too noisy for a verdict')
    .action(async (targets, options) => {
      const { compare } = await import('./compare.ts')
      ending.code = await compare(targets, options)
    })

  withTask(atonce.command('advise'))
    .summary('say which model a task needs, and why')
    .description('Tries a task on some of its inputs, each once at most, and predicts every model.')
    .option('--count <n>', 'how many items there will be; default: as many as inputs', parseCount('--count'))
    .addOption(workersOption())
    .option('--pilot', 'the task may run twice on an input: measure the two best ways if they are near')
    .addOption(timeoutOption(' (default: 30000)'))
    .option('--report <file.html>', 'write a report with plots')
    .option('--picture <file.svg>', 'write the predicted times as a picture')
    .option('--json', 'a JSON document (schema atonce.advise/1)')
    .action(async (target, options) => {
      const { advise } = await import('./advise.ts')
      ending.code = await advise(target, options)
    })

  withTask(atonce.command('scale'))
    .summary('what more workers bring, and what they lose it to')
    .description(
      'Runs a task over its inputs on one number of threads after the other, in turns; fits the laws, names what is lost.',
    )
    .option('--workers <numbers>', 'as 1..8 or 1,2,4; default: up to the cores', parseNumbers)
    .option('--runs <n>', 'rounds that are timed; default: as many as about 10 s hold', parseCount('--runs'))
    .addOption(timeoutOption())
    .option('--report <file.html>', 'write a report with plots')
    .option('--picture <file.svg>', 'write the speed-up as a picture')
    .option('--json', 'a JSON document (schema atonce.scale/1)')
    .option('--accept-undecided', 'exit code 0, not 3, when others were busy meanwhile')
    .action(async (target, options) => {
      const { scale } = await import('./scale.ts')
      ending.code = await scale(target, options)
    })

  withTask(atonce.command('trace'), '[file#task]')
    .summary('what ran when and where, as a file for Perfetto')
    .description(
      'Runs a task over its inputs, or listens to a program that runs, and writes a timeline: a lane for each worker, arrows\n' +
        'from caller to worker and back. Then tells what time was lost to, and the longest path to the last result.',
    )
    .addOption(modelOption())
    .addOption(workersOption())
    .option('--pid <number>', 'instead of a task: a program that runs, and uses atonce')
    .addOption(
      new Option('--for <ms>', 'with --pid: how long to listen')
        .default(5_000)
        .argParser(parseCount('--for')),
    )
    .addOption(new Option('-o, --output <file>', 'where to write it').default('trace.json'))
    .addOption(
      new Option('--keep <n>', 'calls and chunks in the file; totals are of all')
        .default(20_000)
        .argParser(parseCount('--keep')),
    )
    .addOption(timeoutOption())
    .option('--report <file.html>', 'write a report with the timeline, what was lost and the longest path')
    .option('--picture <file.svg>', 'write the timeline as a picture')
    .option('--json', 'a JSON document (schema atonce.trace/1)')
    .action(async (target, options) => {
      const { trace } = await import('./trace.ts')
      ending.code = await trace(target, options)
    })

  atonce
    .command('time')
    .summary('real, user and system time of any command')
    .description('Runs a command and tells how long it took, with how much CPU and memory of its whole tree.')
    .argument('<command...>', 'after --, as atonce time -- node program.js')
    .option(
      '--json',
      'a JSON document (schema atonce.time/1); what the command prints goes to standard error',
    )
    .passThroughOptions()
    .action(async (words, options) => {
      const { time } = await import('./time.ts')
      ending.code = await time(words, options)
    })

  atonce
    .command('timeit')
    .summary('what one call of a short function takes')
    .description('Times calls in blocks, warm, and tells the first one apart.')
    .argument('<what>', "an expression, as '[3,1,2].sort()', or an exported function, as ./file.ts#name")
    .addOption(timeoutOption())
    .option('--json', 'a JSON document (schema atonce.timeit/1)')
    .action(async (what, options) => {
      const { timeit } = await import('./timeit.ts')
      ending.code = await timeit(what, options)
    })

  atonce
    .command('calibrate')
    .summary('measure what workers charge on this machine')
    .description('Takes about 3 s on a quiet machine; choose, auto and advise use the figures from then on.')
    .option('--force', 'on a noisy machine, too; the figures say so')
    .option('--json', 'a JSON document (schema atonce.calibrate/1)')
    .action(async options => {
      const { calibrate } = await import('./calibrate.ts')
      ending.code = await calibrate(options)
    })

  const gallery = atonce
    .command('gallery')
    .summary('small programs with known answers')
    .description('Small programs with known answers.')
  gallery
    .command('list')
    .description('What there is.')
    .option('--json', 'a JSON document (schema atonce.gallery/1)')
    .action(async options => {
      const { listGallery } = await import('./gallery.ts')
      ending.code = await listGallery(options)
    })
  gallery
    .command('run')
    .description('Runs one on one model and checks its answer.')
    .argument('<name>', 'as atonce gallery list shows it')
    .option('--size <size>', 'S, M, L or workshop', parseSize)
    .addOption(modelOption())
    .addOption(workersOption())
    .option('--picture <file.png>', "write the answer's picture")
    .option('--json', 'a JSON document (schema atonce.gallery-run/1)')
    .action(async (name, options) => {
      const { runGallery } = await import('./gallery.ts')
      ending.code = await runGallery(name, options)
    })

  addClusterCommands(atonce, ending)

  atonce
    .command('ps')
    .summary('look into a running program')
    .description(
      'Shows what runs in a running program: scopes and their children, executors, workers and calls, and who waits for what.\n' +
        'Only the user of the program, and root, can look. The program must use atonce and turn its event loop.\n' +
        'Ages are exact where they are known; “at least” counts from the first look. ATONCE_DEBUG=1 has the program note them all.',
    )
    .argument(
      '[pid]',
      'of the program, or of one of its worker processes; without it: Node programs that run here',
    )
    .option('--watch', 'look again every second, until Ctrl-C')
    .option(
      '--open-inspector',
      'look into code that never awaits, too: opens Node’s inspector on 127.0.0.1 for a moment, to every user of this machine',
    )
    .option('--json', 'a JSON document (schema atonce.ps/1); with --watch one on each line')
    .action(async (pid, options) => {
      const { ps } = await import('./ps.ts')
      ending.code = await ps(pid, options)
    })

  atonce.command(closerCommand, { hidden: true }).action(async () => {
    const { closeLeftOpen } = await import('./ps/inspector.ts')
    await closeWhenLeft(closeLeftOpen)
  })

  atonce
    .command('doctor')
    .summary('check this machine and this Node')
    .description('Looks at what decides how concurrency goes here, and says what to do.')
    .option('--json', 'a JSON document (schema atonce.doctor/1)')
    .option('--servers <urls>', 'NATS servers of a cluster, to look at too')
    .option('--namespace <name>', 'of that cluster', 'default')
    .option('--credentials <file>', 'a .creds file, or admin.json as init has written it')
    .option('--insecure', 'connect to another machine without TLS and credentials')
    .action(async options => {
      const { servers } = options
      const { doctor } = await import('./doctor.ts')
      ending.code = await doctor(
        options,
        servers === undefined
          ? undefined
          : async () => (await import('./cluster-doctor.ts')).clusterFindings({ ...options, servers }),
      )
    })
  return atonce
}

const examples = `
Examples:
  atonce compare primes mandelbrot                      workloads of the gallery
  atonce compare ./resize.ts#resize --input 'in/*.jpg'  your own task, on every model
  atonce run ./primes.ts#countPrimes --input '[[0,1000],[1000,2000]]' --on processes

Results go to standard output; what your code prints goes to standard error.

Exit codes: 0 success · 1 wrong result, failed task or full disk · 2 usage or bad input
            3 undecided · 124 timed out · 130 Ctrl-C · 143 SIGTERM
            atonce time: that of its command; 126 can't be executed, 127 not found`

/** Adds what a command takes that runs a task over inputs. */
function withTask(
  command: Command,
  argument = '<file#task>',
  what = 'module and task, as ./primes.ts#countPrimes',
): Command {
  const input = new Option(
    '--input <source>',
    `JSON, file.json, file.ndjson, 'glob/*' of files, or - for standard input; repeatable`,
  )
    .default([], 'none')
    .argParser((source: string, sources: readonly string[]) => [...sources, source])
  const as = new Option('--as <form>', 'what is passed of a file: bytes, text or path')
  return command.argument(argument, what).addOption(input).addOption(as.argParser(parseFileForm))
}

function modelOption(): Option {
  return new Option('--on <model>', models.join(', ')).default('threads').argParser(parseModel)
}

function timeoutOption(usual = ''): Option {
  const text = `end after that time, with exit code 124${usual}`
  return new Option('--timeout <ms>', text).argParser(parseCount('--timeout'))
}

function workersOption(): Option {
  return new Option(
    '--workers <n>',
    'workers of threads and processes; default: ATONCE_WORKERS, else the cores',
  ).argParser(parseCount('--workers'))
}

/**
 * One line on stderr, the stack of the user's own code below it; with `--json` the same as a
 * document (schema atonce.error/1).
 */
async function complain(error: unknown, asJson: boolean): Promise<ExitCode> {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok // --help and --version come this way.
  const failure = failureOf(error)
  const { message, detail, exitCode } = failure
  if (message !== '') {
    process.stderr.write(`${complaint(`atonce: ${message}`)}\n`)
    if (detail !== undefined) process.stderr.write(`${quietComplaint(detail)}\n`)
  }
  if (asJson) {
    const document = { schema: 'atonce.error/1', exitCode, message, detail }
    await print(`${jsonLine(document)}\n`).catch(() => {}) // It may be standard output itself that failed.
  }
  return exitCode
}

interface Failure {
  readonly exitCode: ExitCode
  /** Empty if it was shown already. */
  readonly message: string
  readonly detail?: string | undefined
}

function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) return error
  if (error instanceof CommanderError) {
    // Called without a command, commander has written the help to stderr.
    const message = error.code.startsWith('commander.help') ? '' : harmless(commanderMessage(error))
    return { exitCode: exitCodes.usage, message }
  }
  if (error instanceof OptionError || error instanceof AtonceError) {
    const exitCode = error instanceof OptionError ? exitCodes.usage : exitCodes.failed
    return { exitCode, message: oneLine(error.message) }
  }
  return {
    exitCode: exitCodes.failed,
    message: `atonce itself failed: ${summaryOf(error)}. Please report it.`,
    detail: error instanceof Error ? error.stack?.split('\n').map(harmless).join('\n') : undefined,
  }
}

function commanderMessage({ message, code }: CommanderError): string {
  const text = message
    .replace(/^error: /, '')
    .replace(/\n\(?/g, ' ')
    .replace(/\)$/, '')
  const fix =
    code === 'commander.excessArguments'
      ? " Quote patterns, so that the shell leaves them alone: --input 'photos/*.jpg'"
      : ' See atonce --help.'
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}${fix}`
}
