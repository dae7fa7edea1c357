import type { Rival } from '../rival.ts'
import { openWorkerpool } from './workerpool.ts'

const rival: Rival = openWorkerpool('process')
export default rival
