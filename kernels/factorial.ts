/**
 * n! modulo a prime, once for each index: nothing but multiplications and remainders of 64 bits.
 * AssemblyScript.
 */

export function factorials(from: i32, to: i32, answers: usize, n: i32, modulus: u32): void {
  for (let at = from; at < to; at++) {
    let k: u64 = 1
    for (let i: u64 = 2; i <= <u64>n; i++) k = (k * i) % <u64>modulus
    store<u32>(answers + ((<usize>at) << 2), <u32>k)
  }
}
