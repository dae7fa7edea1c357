import { processes } from 'atonce'
import type { Rival } from '../rival.ts'
import { atonce } from './atonce.ts'

const rival: Rival = atonce(processes)
export default rival
