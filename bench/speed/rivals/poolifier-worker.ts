/** The script of poolifier's workers. */
import { type TaskFunction, ThreadWorker } from 'poolifier'
import { work } from '../work.ts'

export default new ThreadWorker(work as unknown as Record<string, TaskFunction>)
