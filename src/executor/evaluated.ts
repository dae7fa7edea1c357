/**
 * Modules that a test runner or a development server has evaluated itself. Importing one here would
 * evaluate it again, and its classes would not be those that the program compares with.
 */
import type { Evaluation } from '../declared/where.ts'

/** Whether a tool other than Node has evaluated the module. */
export function isEvaluatedElsewhere({ identity: meta }: Evaluation): boolean {
  if (meta === undefined) return vitest() !== undefined
  return 'env' in meta || 'hot' in meta || 'vitest' in meta
}

/**
 * The exports of the module, if the runner gives them. Only Vitest does (its module runner's
 * `EvaluatedModules`, 4 and 5).
 */
export function exportsElsewhere(module: string): Record<string, unknown> | undefined {
  const modules = vitest()
  if (modules === undefined || !module.startsWith('file:')) return undefined
  try {
    const file = process.getBuiltinModule('node:url').fileURLToPath(module.replace(/[?#].*$/, ''))
    for (const { exports } of modules.getModulesByFile(file) ?? [])
      if (typeof exports === 'object' && exports !== null) return exports as Record<string, unknown>
  } catch {
    // Another version keeps them in another way.
  }
  return undefined
}

interface EvaluatedModules {
  getModulesByFile(file: string): Iterable<{ readonly exports?: unknown }> | undefined
}

function vitest(): EvaluatedModules | undefined {
  const worker = (globalThis as { __vitest_worker__?: { evaluatedModules?: EvaluatedModules } })
    .__vitest_worker__
  return typeof worker?.evaluatedModules?.getModulesByFile === 'function'
    ? worker.evaluatedModules
    : undefined
}
