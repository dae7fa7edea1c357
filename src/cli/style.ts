/** Colours by meaning. They fall away when the stream is not a terminal, or NO_COLOR is set. */
import { styleText } from 'node:util'

export const emphasis = (text: string): string => styleText('bold', text, { stream: process.stdout })
export const good = (text: string): string => styleText('green', text, { stream: process.stdout })
export const bad = (text: string): string => styleText('red', text, { stream: process.stdout })
export const doubtful = (text: string): string => styleText('yellow', text, { stream: process.stdout })
export const quiet = (text: string): string => styleText('dim', text, { stream: process.stdout })
export const complaint = (text: string): string => styleText('red', text, { stream: process.stderr })
export const quietComplaint = (text: string): string => styleText('dim', text, { stream: process.stderr })
