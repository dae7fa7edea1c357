/**
 * A row of the matrix: one way to run or to bundle a program, as a small project that a user could
 * have.
 */

/** Words parted by a space. The first is a program that a tool has installed, or `node`. */
export type Command = string

export interface Row {
  readonly tool: string
  /** How the tool is used, as the table says it. */
  readonly how: string
  readonly group: 'Runtimes' | 'TypeScript loaders' | 'Test runners' | 'Bundlers' | 'Frameworks'
  /** Packages of the registry, each pinned. */
  readonly tools: Readonly<Record<string, string>>
  readonly files: Readonly<Record<string, string>>
  readonly builds?: readonly Command[]
  /**
   * Each prints the survey. Run in the project or, if `built` says what to move, in a folder where
   * there is nothing else.
   */
  readonly runs: readonly Command[]
  /**
   * The folder that the build has written. It is moved away from the project, and the sources are
   * changed, before it is run.
   */
  readonly built?: string
  /** The packages that stay outside of the bundle: they are installed beside it. */
  readonly external?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Set where `processes()` are refused here with this code. */
  readonly processesRefuse?: string
  /** What has to be set, as the table says it. */
  readonly set?: string
}

/** A name of its own for the row: of its folder, and to ask for it. */
export function nameOf({ tool, how }: Row): string {
  return `${tool} ${how}`
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^-|-$/g, '')
}
