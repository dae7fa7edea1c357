/** `atonce gallery list` and `atonce gallery run <name>`: small programs with known answers. */
import { gallery } from '../../gallery/index.ts'
import { type SizeName, sizeNames } from '../../gallery/workload.ts'
import type { Executor } from '../index.ts'
import { measureRun } from '../measure/measure-run.ts'
import { findWorkload } from './compare/workload-subject.ts'
import { CommandError, type ExitCode, exitCodes, framesOf, summaryOf, UsageError } from './ending.ts'
import { cores, cpuSeconds, duration, megabytes } from './figures.ts'
import { jsonDocument, jsonLine } from './json.ts'
import { onModel, type Where } from './on-model.ts'
import { checkWritable, writeWhole } from './output.ts'
import { pngOf } from './picture.ts'
import { print } from './print.ts'
import { startProgress } from './progress.ts'
import { bad, emphasis, good, quiet } from './style.ts'

export async function listGallery({ json }: { readonly json?: boolean }): Promise<ExitCode> {
  const workloads = [...gallery.values()]
  if (json) {
    const entries = workloads.map(({ name, title, lesson, sizes, defaultSize }) => ({
      name,
      title,
      lesson,
      sizes: labels(sizes),
      defaultSize,
    }))
    await print(`${jsonDocument({ schema: 'atonce.gallery/1', workloads: entries, next: nextOfList })}\n`)
    return exitCodes.ok
  }
  for (const { name, title, lesson, sizes, defaultSize } of workloads) {
    await print(`${emphasis(name)}  ${title}\n  ${lesson}\n`)
    for (const size of sizeNames) {
      await print(
        `  ${size.padEnd(10)}${sizes[size].label}${size === defaultSize ? quiet('  (default)') : ''}\n`,
      )
    }
    await print('\n')
  }
  await print(quiet(`Next: ${nextOfList}\n`))
  return exitCodes.ok
}

const nextOfList = 'npx atonce compare primes'

function labels(sizes: Readonly<Record<SizeName, { label: string }>>): object {
  return Object.fromEntries(sizeNames.map(size => [size, sizes[size].label]))
}

export interface GalleryRunOptions extends Where {
  readonly size?: SizeName
  readonly json?: boolean
  readonly picture?: string
}

/** One run of a workload on one model, its answer checked; exit code 1 when the answer is wrong. */
export async function runGallery(name: string, options: GalleryRunOptions): Promise<ExitCode> {
  const workload = findWorkload(name)
  const sizeName = options.size ?? workload.defaultSize
  const size = workload.sizes[sizeName]
  if (options.picture !== undefined) {
    if (workload.picture === undefined)
      throw new UsageError(`${name} has no picture. Leave --picture out, or run mandelbrot.`)
    await checkWritable(options.picture)
  }
  const work = async (executor: Executor, signal: AbortSignal) => {
    const progress = startProgress(`${name} ${sizeName} on ${options.on}`)
    try {
      const parallel = () =>
        workload.parallel(executor.with({ signal }), size, {
          onProgress: (done, total) => progress.show(done, total),
        })
      const run = await measureRun(
        parallel,
        () => executor.stats().pids,
        () => workload.companions?.() ?? [],
      )
      return { ...run, workers: executor.workers }
    } catch (error) {
      throw new CommandError(exitCodes.failed, `${name} failed on ${options.on}: ${summaryOf(error)}`, {
        cause: error,
        detail: framesOf(error),
      })
    } finally {
      progress.stop()
    }
  }
  const { answer, measure, workers } = await onModel(options, work)
  const verdict = workload.check(answer, size)
  if (options.picture !== undefined && workload.picture !== undefined)
    await writeWhole(options.picture, pngOf(workload.picture(answer, size)))
  const next = `npx atonce compare ${name} --size ${sizeName}`
  if (options.json) {
    const answered = verdict.ok ? 'the known answer' : `which should be ${verdict.expected}`
    const document = {
      schema: 'atonce.gallery-run/1',
      workload: name,
      size: sizeName,
      on: options.on,
      workers,
      ...measure,
      ...verdict,
      sentence: `${verdict.shows}, ${answered}, on ${options.on} in ${duration(measure.wallMs)}.`,
      next,
    }
    await print(`${jsonLine(document)}\n`)
  } else {
    const { wallMs, cpuMs, companionsMs, peakBytes } = measure
    const busy = cpuMs === undefined ? undefined : cpuMs / wallMs
    const server = workload.companions === undefined ? '' : `, its server's CPU ${cpuSeconds(companionsMs)}`
    await print(
      `${emphasis(workload.title)}  ${size.label} (size ${sizeName})\n` +
        `${verdict.ok ? good(`✓ ${verdict.shows}`) : bad(`✗ ${verdict.shows}, but it should be ${verdict.expected}`)}\n` +
        `${options.on}: ${duration(wallMs)} with start-up, CPU ${cpuSeconds(cpuMs)} (${cores(busy)} cores busy)${server}, peak memory ${megabytes(peakBytes)}\n` +
        `${options.picture === undefined ? '' : `Picture: ${options.picture}\n`}${quiet(`Next: ${next}`)}\n`,
    )
  }
  return verdict.ok ? exitCodes.ok : exitCodes.failed
}
