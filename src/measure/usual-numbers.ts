/** Which numbers of workers are worth a measurement. */

/** 1, 2, 3, 4, 6, 8, 12, 16, …, and the last one itself. */
export function usualNumbers(most: number): number[] {
  const numbers = [1]
  for (let power = 2; power <= most; power *= 2) numbers.push(power, power * 1.5)
  return [...new Set([...numbers, most])].filter(number => number <= most).toSorted((a, b) => a - b)
}
