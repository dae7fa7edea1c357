/** Whether a number is prime, in another way than the one that is checked with it. */

// No composite below 3.3 · 10^24 passes for all of them (Sorenson and Webster, "Strong pseudoprimes
// to twelve prime bases", 2015).
const bases = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n]

/**
 * Certain for every integer up to 2⁵³. Source: Gary Miller, "Riemann's hypothesis and tests for
 * primality" (1976); Michael Rabin, "Probabilistic algorithm for testing primality" (1980).
 */
export function isPrimeByMillerRabin(number: number): boolean {
  if (number < 2) return false
  const n = BigInt(number)
  if (bases.includes(n)) return true
  if (n % 2n === 0n) return false
  let [odd, twos] = [n - 1n, 0]
  while (odd % 2n === 0n) [odd, twos] = [odd / 2n, twos + 1]
  return bases.every(base => {
    let power = powerOf(base, odd, n)
    if (power === 1n || power === n - 1n) return true
    for (let squared = 1; squared < twos; squared += 1) {
      power = power ** 2n % n
      if (power === n - 1n) return true
    }
    return false
  })
}

function powerOf(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus]
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus
    square = square ** 2n % modulus
  }
  return result
}
