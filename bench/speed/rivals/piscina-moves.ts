/** `bump` as piscina documents it for results that are moved. */
import { move } from 'piscina'
import { bump } from '../work.ts'

export const bumpMoved = (array: Float64Array<ArrayBuffer>): unknown => move(bump(array))
