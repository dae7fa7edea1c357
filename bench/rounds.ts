/** What most benches are told: how many rounds, and of which part. */
import { commandOptions, refuse } from '../test/command-options.ts'

/**
 * The words behind the command: a number of rounds, and what else there is. Ends this process after
 * `--help`, and where the first word is no number of rounds.
 * @param command as one types it, before the words
 * @param rest what may follow the rounds, for the help
 */
export function roundsOf(command: string, usual: number, rest = ''): { rounds: number; more: string[] } {
  const usage = `${command} [-- [rounds]${rest}]\n\n  rounds   how often each is measured, in turns; ${usual} by default`
  const { positionals } = commandOptions(usage, { allowPositionals: true, options: {} })
  const [word = String(usual), ...more] = positionals
  const rounds = Number(word)
  if (!Number.isInteger(rounds) || rounds < 1)
    refuse(`${command} takes a whole number of rounds from 1 up; it got ${JSON.stringify(word)}. See --help.`)
  return { rounds, more }
}
