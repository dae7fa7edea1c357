/** A workload of the gallery as a subject. */
import { gallery } from '../../../gallery/index.ts'
import type { SizeName, Workload } from '../../../gallery/workload.ts'
import { UsageError } from '../ending.ts'
import { didYouMean, oneOf } from '../suggestion.ts'
import type { Picture, Subject } from './subject.ts'

/**
 * Finds a workload by its name.
 * @throws UsageError that names the nearest one, or shows how a module would be named
 */
export function findWorkload(name: string): Workload {
  const workload = gallery.get(name)
  if (workload !== undefined) return workload
  throw new UsageError(
    `Unknown workload ${name}: the gallery has ${oneOf(gallery.keys())}.${didYouMean(name, gallery.keys())} ` +
      `A module of your own is named by its file: ./${name}.ts#task`,
  )
}

export function workloadSubject(workload: Workload, sizeName: SizeName = workload.defaultSize): Subject {
  const size = workload.sizes[sizeName]
  let picture: Picture | undefined
  return {
    kind: 'workload',
    name: workload.name,
    title: `${workload.title}: ${size.label} (size ${sizeName})`,
    prepareSerial: () => async () => workload.serial(size),
    prepareOn: (executor, onProgress) => () => workload.parallel(executor, size, { onProgress }),
    check(answer) {
      const { ok, shows, expected } = workload.check(answer, size)
      if (ok) picture ??= workload.picture?.(answer, size)
      return { ok, shows: ok ? shows : `${shows}, but it should be ${expected}` }
    },
    companions: () => workload.companions?.() ?? [],
    picture: () => picture,
    commandToRun: model => `npx atonce gallery run ${workload.name} --size L --on ${model}`,
    commandToMeasure: runs => `npx atonce compare ${workload.name} --size ${sizeName} --runs ${runs}`,
  }
}
