/** `bump` as tinypool documents it for results that are moved. */
import Tinypool from 'tinypool'
import { bump } from '../work.ts'

export const bumpMoved = (array: Float64Array<ArrayBuffer>): unknown => Tinypool.move(bump(array))
