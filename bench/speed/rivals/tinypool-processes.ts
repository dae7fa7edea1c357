import type { Rival } from '../rival.ts'
import { tinypool } from './tinypool.ts'

const rival: Rival = tinypool('child_process')
export default rival
