import { strict as assert } from 'node:assert'

/** The error that it rejects with; fails the test if it does not reject. */
export async function failure(promise: PromiseLike<unknown>): Promise<Error & Record<string, any>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, any>
  }
  throw new assert.AssertionError({ message: 'It should have been rejected.' })
}
