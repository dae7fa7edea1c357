/**
 * sharp, which blurs and shrinks pictures in C on libuv's threads, where it is installed. The
 * gallery does without it.
 */

/** A picture on its way through sharp: each step gives the next, the last begins the work. */
interface Steps {
  convolve(kernel: { width: number; height: number; kernel: readonly number[]; scale: number }): Steps
  resize(width: number, height: number, options: { fit: 'inside'; withoutEnlargement: true }): Steps
  toColourspace(space: 'b-w'): Steps
  raw(): Steps
  toBuffer(): Promise<Uint8Array>
  toFile(path: string): Promise<{ width: number; height: number }>
}

/** As much of sharp as the gallery uses. */
export type Sharp = (
  input: string | Uint8Array,
  options?: { raw: { width: number; height: number; channels: 1 } },
) => Steps

/** What a program says in the place of sharp's ways. */
export const withoutSharp = 'The ways of sharp are left out, as it is not installed: npm install sharp'

/** sharp, or undefined where it is not installed, or not for this machine. */
export async function findSharp(packageName = 'sharp'): Promise<Sharp | undefined> {
  try {
    // Not imported by a name that the compiler reads: types and package may both be missing.
    return ((await import(packageName)) as { default: Sharp }).default
  } catch {
    return undefined
  }
}

/** sharp, for work that begins only where it was found. @throws Error */
export async function needSharp(): Promise<Sharp> {
  const sharp = await findSharp()
  if (sharp === undefined) throw new Error(withoutSharp)
  return sharp
}
