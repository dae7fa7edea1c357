/** Says in one line that this Node is too old, before anything that it lacks is called. */

const oldest = [22, 18] as const

/** @throws Error on a Node that is older than the oldest that is promised */
export function checkNode(versions: { readonly node: string }): void {
  const [major = 0, minor = 0] = versions.node.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return
  throw new Error(`atonce needs Node ${oldest.join('.')} or later; this is Node ${versions.node}.`)
}
