/** Colours by meaning. They fall away when the stream is not a terminal, or NO_COLOR is set. */
import { styleText } from 'node:util'
import { resultStream } from './result-stream.ts'

export const emphasis = (text: string): string => styleText('bold', text, { stream: resultStream() })
export const good = (text: string): string => styleText('green', text, { stream: resultStream() })
export const bad = (text: string): string => styleText('red', text, { stream: resultStream() })
export const doubtful = (text: string): string => styleText('yellow', text, { stream: resultStream() })
export const quiet = (text: string): string => styleText('dim', text, { stream: resultStream() })
export const complaint = (text: string): string => styleText('red', text, { stream: process.stderr })
export const quietComplaint = (text: string): string => styleText('dim', text, { stream: process.stderr })
