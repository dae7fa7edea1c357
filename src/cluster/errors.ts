/** The errors of the cluster; listed with atonce's others when this part is loaded. */
import { AtonceError, listErrorClasses, WorkerError } from '../errors.ts'

/**
 * The store of tasks and results can't be reached, or refuses. What it had acknowledged is not
 * lost.
 */
export class EngineUnavailableError extends AtonceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ATONCE_ENGINE_UNAVAILABLE', message, options)
  }
}

/** A large value is not in the store any more, or is another one. */
export class ValueGoneError extends EngineUnavailableError {}

/** The store takes no more, and says so. */
export class StoreRefusesError extends EngineUnavailableError {
  constructor(store: string, what: string, why: string) {
    super(
      `${store} does not take ${what}: ${why}.${/insufficient|maximum|exceeded/i.test(why) ? ` ${moreRoom}` : ''}`,
    )
  }
}

const moreRoom =
  'Give it more room (jetstream { max_file_store: … } in the configuration of the server). Large values leave by themselves: results of calls after an hour, arguments of calls and results of submitted tasks after a day, arguments of submitted tasks after two weeks.'

/**
 * The store did not say whether it has the task. Submit it again with the same `id`: it is stored
 * once.
 */
export class SubmitUnknownError extends AtonceError {
  readonly id: string

  constructor(id: string, options?: ErrorOptions) {
    super(
      'ATONCE_SUBMIT_UNKNOWN',
      `It is not known whether task ${id} was stored: the connection broke before the answer. Submit it again with { id: '${id}' }, which stores it once.`,
      options,
    )
    this.id = id
  }
}

/**
 * The node that had begun the call has fallen silent: the call may have run, wholly or in part.
 * Only tasks that are `idempotent` are given to another node, until several have fallen silent.
 */
export class NodeLostError extends WorkerError {
  /** `silent`: so many nodes fell silent while they ran it, of a task that may run twice. */
  constructor(task: string, node: string, silent?: number) {
    const why =
      silent === undefined
        ? `${node} was lost while it ran ${task}; it may have run, wholly or in part, and was not repeated. ` +
          `If running it twice does no harm, say so: task(import.meta, ${task}, { idempotent: true }).`
        : `${task} is not begun again: nodes fell silent while they ran it, ${silent} times since its second attempt. It may end or block the program that runs it; their own output tells.`
    super('ATONCE_NODE_LOST', why, { worker: node, task })
  }
}

/** No node has the task, or each has another version of it. */
export class UnknownTaskError extends AtonceError {
  constructor(message: string) {
    super('ATONCE_UNKNOWN_TASK', message)
  }
}

/** There is no dead letter of that id; or no result of the task is kept. */
export class NoResultError extends AtonceError {
  readonly id: string

  constructor(id: string, why: string) {
    super('ATONCE_NO_RESULT', `There is no result of task ${id}: ${why}`)
    this.id = id
  }
}

/**
 * A package that atonce uses only here is not installed. The message has the line that installs it.
 */
export class MissingPeerError extends AtonceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ATONCE_MISSING_PEER', message, options)
  }
}

/** A node was sent arguments for a task that the task's `accepts` refuses; nothing has run. */
export class ArgumentsRefusedError extends AtonceError {
  /** As `args[0].amount: expected a number`. */
  readonly issues: readonly string[]

  constructor(task: string, issues: readonly string[]) {
    super(
      'ATONCE_ARGUMENTS_REFUSED',
      `${task} does not take what was sent, and was not called: ${issues.join('; ')}`,
    )
    this.issues = issues
  }
}

/** A connection to another machine without TLS and credentials was refused before it was made. */
export class InsecureConnectionError extends AtonceError {
  constructor(message: string) {
    super('ATONCE_INSECURE', message)
  }
}

/** The user that this program connects as may not do that; the message names the role that may. */
export class DeniedError extends AtonceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ATONCE_DENIED', message, options)
  }
}

/** What is stored there is laid out by another version of atonce; this one would misread it. */
export class StoreVersionError extends AtonceError {
  constructor(message: string) {
    super('ATONCE_STORE_VERSION', message)
  }
}

listErrorClasses({
  ArgumentsRefusedError,
  DeniedError,
  EngineUnavailableError,
  SubmitUnknownError,
  NodeLostError,
  UnknownTaskError,
  NoResultError,
  MissingPeerError,
  InsecureConnectionError,
  StoreVersionError,
})
