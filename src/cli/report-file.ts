/** The files that a report goes to, looked at before anything is measured. */
import { basename, join } from 'node:path'
import { UsageError } from './ending.ts'
import { checkWritable } from './output.ts'

/** @throws UsageError if it is not a name of an HTML file, or can't be written */
export async function checkReport(path: string): Promise<void> {
  if (path === '') throw new UsageError('--report is empty. Name an HTML file, as --report report.html.')
  if (!/\.html?$/i.test(path))
    throw new UsageError(
      `--report takes the name of an HTML file, as ${join(path, 'index.html')}; it got ${basename(path)}.`,
    )
  await checkWritable(path, { makeFolder: true })
}

/** @throws UsageError if it is not a name of an SVG file, or can't be written */
export async function checkPicture(path: string): Promise<void> {
  if (!/\.svg$/i.test(path))
    throw new UsageError(`--picture takes the name of an SVG file, as scale.svg; it got ${basename(path)}.`)
  await checkWritable(path, { makeFolder: true })
}
