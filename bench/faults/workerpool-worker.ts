/** The script of workerpool's workers: offers every function of the module of tasks. */
import workerpool from 'workerpool'

const tasks = (await import(process.env['FAULTS_MODULE'] as string)) as Record<string, unknown>
workerpool.worker(
  Object.fromEntries(Object.entries(tasks).filter(([, task]) => typeof task === 'function')) as Record<
    string,
    () => unknown
  >,
)
