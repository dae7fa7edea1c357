/**
 * What a worker inherits of the way in which the program was started: its flags, and the folder
 * that they are relative to.
 *
 * A program may leave that folder (`process.chdir`), and workers start whenever they are needed.
 * Node looks for preloads from the folder in which the worker starts.
 */
const { isAbsolute, join } = process.getBuiltinModule('node:path')

/** The folder in which the program was when it loaded atonce; undefined if it is gone. */
export const startFolder: string | undefined = currentFolder()

/** The folder in which it is now. */
export function currentFolder(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}

/**
 * Node's own flags among these. A launcher appends its script and the script's arguments, so that
 * forks are launched too (ts-node): what begins without a dash is the value of the flag before it,
 * or such a script.
 */
export function withoutScript(flags: readonly string[]): readonly string[] {
  const script = flags.findIndex((word, at) => !word.startsWith('-') && !mayTakeValue(flags[at - 1]))
  return script < 0 ? flags : flags.slice(0, script)
}

function mayTakeValue(before: string | undefined): boolean {
  return before?.startsWith('-') === true && !before.includes('=')
}

const preloads = new Set(['-r', '--require', '--import', '--loader', '--experimental-loader'])

const conditions = new Set(['-C', '--conditions'])

/** Whether any of the flags loads a module ahead of the program. */
export function hasPreload(flags: readonly string[]): boolean {
  return flags.some(flag => preloads.has(flagName(flag)))
}

/** Only the flags that say which modules are loaded. */
export function onlyModuleFlags(flags: readonly string[]): string[] {
  let keep = false
  return flags.filter(word => {
    if (word.startsWith('-')) keep = preloads.has(flagName(word)) || conditions.has(flagName(word))
    return keep
  })
}

/** The flag's name: what stands before the equals sign, if there is one. */
export function flagName(flag: string): string {
  return flag.split('=', 1)[0] as string
}

/** The same flags, with preloads that are found from every folder. */
export function withPreloadsFrom(folder: string, flags: readonly string[]): string[] {
  return flags.map((word, at) => {
    const before = flags[at - 1]
    if (before !== undefined && preloads.has(before)) return found(folder, word)
    const flag = flagName(word)
    return flag !== word && preloads.has(flag)
      ? `${flag}=${found(folder, word.slice(flag.length + 1))}`
      : word
  })
}

/**
 * A relative path or the name of a package as Node would find it from the folder; as it is, if it
 * is neither, or not found.
 */
function found(folder: string, preload: string): string {
  if (isAbsolute(preload) || /^[a-z][a-z\d+.-]+:/i.test(preload)) return preload
  if (/^\.\.?[/\\]/.test(preload)) return join(folder, preload)
  try {
    const { createRequire } = process.getBuiltinModule('node:module')
    return createRequire(join(folder, 'preload.js')).resolve(preload)
  } catch {
    return preload
  }
}

/**
 * The words of NODE_OPTIONS: separated by spaces, unless those stand in double quotes, where a
 * backslash hides the next sign.
 */
export function wordsOf(nodeOptions: string): string[] {
  const words = nodeOptions.match(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g) ?? []
  return words.map(word =>
    word.replace(/"((?:\\.|[^"\\])*)"/g, (_, text: string) => text.replace(/\\(.)/g, '$1')),
  )
}

/** NODE_OPTIONS of these words. */
export function nodeOptionsOf(words: readonly string[]): string {
  return words.map(word => (/[\s"\\]/.test(word) ? JSON.stringify(word) : word)).join(' ')
}
