/** The files that a report goes to, looked at before anything is measured. */
import { basename, join } from 'node:path'
import { UsageError } from './ending.ts'
import { checkWritable, writeWhole } from './output.ts'

/** @throws UsageError if it is not a name of an HTML file, or can't be written */
export async function checkReport(path: string): Promise<void> {
  if (path === '') throw new UsageError('--report is empty. Name an HTML file, as --report report.html.')
  if (!/\.html?$/i.test(path))
    throw new UsageError(
      `--report takes the name of an HTML file, as ${join(path, 'index.html')}; it got ${basename(path)}.`,
    )
  await checkWritable(path)
}

/** @throws UsageError if it is not a name of an SVG file, or can't be written */
async function checkPicture(path: string): Promise<void> {
  if (!/\.svg$/i.test(path))
    throw new UsageError(`--picture takes the name of an SVG file, as picture.svg; it got ${basename(path)}.`)
  await checkWritable(path)
}

/** Where a report and its picture go, if they were asked for. */
export interface ReportFiles {
  readonly report?: string
  readonly picture?: string
}

/** Both, before anything is measured. @throws UsageError */
export async function checkReportFiles({ report, picture }: ReportFiles): Promise<void> {
  if (report !== undefined) await checkReport(report)
  if (picture !== undefined) await checkPicture(picture)
}

/**
 * Writes what was asked for, and says so in a line for the terminal, if anything was. `make` is
 * called only then: the plotting library takes long to load.
 */
export async function writeReportFiles(
  { report, picture }: ReportFiles,
  make: () => Promise<{ readonly report: () => string; readonly picture: () => string }>,
): Promise<string[]> {
  const files = [report, picture].filter(path => path !== undefined)
  if (files.length === 0) return []
  const made = await make()
  if (picture !== undefined) await writeWhole(picture, made.picture())
  if (report !== undefined) await writeWhole(report, made.report())
  return [`Written: ${files.join(', ')}`]
}
