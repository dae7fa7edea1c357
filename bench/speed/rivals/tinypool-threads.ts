import type { Rival } from '../rival.ts'
import { tinypool } from './tinypool.ts'

const rival: Rival = tinypool('worker_threads')
export default rival
