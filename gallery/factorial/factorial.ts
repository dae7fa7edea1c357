/**
 * n! modulo 10⁹ + 7, in three ways: two that are exact for every n here, and one that is a trap.
 */

export const modulus = 1_000_000_007

/** Each step in whole numbers of any size: right, and slow. */
export function factorialByBigInt(n: number): number {
  const p = BigInt(modulus)
  let product = 1n
  for (let i = 2n; i <= BigInt(n); i += 1n) product = (product * i) % p
  return Number(product)
}

/**
 * A product of two numbers below 2³¹ has up to 62 bits, and a double holds 53. But the remainder
 * has 30 only: the quotient, from the rounded product, is right to ±1, and the low 32 bits of both
 * products are exact (`Math.imul`).
 */
export function factorialByParts(n: number): number {
  let product = 1
  for (let i = 2; i <= n; i += 1) {
    const quotient = Math.floor((product * i) / modulus)
    const rest = (Math.imul(product, i) - Math.imul(quotient, modulus)) | 0
    product = rest < 0 ? rest + modulus : rest >= modulus ? rest - modulus : rest
  }
  return product
}

/**
 * As one would write it first. From about 9,007,199 (2⁵³ / 10⁹) on, products lose their last bits,
 * and nobody is told.
 */
export function factorialByDoubles(n: number): number {
  let product = 1
  for (let i = 2; i <= n; i += 1) product = (product * i) % modulus
  return product
}
