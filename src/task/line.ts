/** The line that makes a task of a function, below the function itself: so it has another name. */
export function lineOf({ name }: Function): string {
  return name !== 'default' && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    ? `export const ${name}Task = task(import.meta, ${name})`
    : 'export const work = task(import.meta, function work(…) { … })'
}
