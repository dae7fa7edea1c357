/** Where the library's own kernels are: beside the compiled gallery, or in dist/ of a checkout. */
import { existsSync } from 'node:fs'

/** The URL of a compiled kernel, for `kernel(url)`. */
export function kernelFile(name: 'blur' | 'mandelbrot' | 'matmul'): URL {
  const places = ['../kernels/', '../dist/kernels/'].map(
    folder => new URL(`${folder}${name}.wasm`, import.meta.url),
  )
  const found = places.find(place => existsSync(place))
  if (found === undefined)
    throw new Error(`The kernel ${name}.wasm is not compiled yet. Run npm run build, then this again.`)
  return found
}
