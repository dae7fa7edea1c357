/**
 * The options of a suite's command line: `--help` prints how it is called, and an option that is
 * unknown is told in one line.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Reads the options; ends this process with code 0 after `--help`, with 2 where one is wrong. */
export function commandOptions<const T extends ParseArgsConfig>(
  usage: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  if (process.argv.includes('--help')) {
    console.log(usage)
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    return refuse(`${(error as Error).message.split(/\. /)[0]}. See --help.`)
  }
}

/** Ends this process: it can't be called so. */
export function refuse(why: string): never {
  console.error(why)
  process.exit(2)
}
