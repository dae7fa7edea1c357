/** atonce/isolates: an interpreter of one's own, whose state stays between calls. */

export { IsolateDiedError } from './isolates/errors.ts'
export { type Isolate, type IsolateOptions, isolate } from './isolates/isolate.ts'
