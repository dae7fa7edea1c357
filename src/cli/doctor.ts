/**
 * `atonce doctor`: what of this machine and this Node decides how concurrency goes here, and what
 * to do about it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Calibration, loadCalibration, recheck } from '../choose.ts'
import { harmless } from '../live/harmless.ts'
import { machineBusyMs, quietCores } from '../measure/machine-load.ts'
import { tellsOfChildren, treeCpuMs } from '../measure/process-tree.ts'
import { machine } from '../pool/machine.ts'
import { runtime } from '../runtime/runtime.ts'
import { figuresTable, pythonsFigures } from './calibration-table.ts'
import { type ExitCode, exitCodes, summaryOf } from './ending.ts'
import { cores, counted } from './figures.ts'
import { jsonDocument } from './json.ts'
import { print } from './print.ts'
import { bad, doubtful, emphasis, good, quiet } from './style.ts'
import { surroundings, surroundingsLine } from './surroundings.ts'
import { widthOfOutput, wrapped } from './table.ts'

/** One thing that was looked at. */
export interface Finding {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'failure'
  readonly found: string
  /** What to do; empty when all is well. */
  readonly fix: string
}

/** The longest name there is. */
const nameWidth = 'temporary folder'.length

const marks = { ok: good('✓'), warning: doubtful('!'), failure: bad('✗') }

/** Exit code 1 when something is broken; warnings alone are 0. */
export async function doctor(
  { json }: { readonly json?: boolean },
  more: () => Promise<readonly Finding[]> = async () => [],
): Promise<ExitCode> {
  const findings = [
    nodeVersion(),
    typescript(),
    workers(),
    sharedMemory(),
    ...permissions(),
    threadpool(),
    await temporaryFolder(),
    ...otherProcesses(),
    await foreignLoad(),
    ...(await more()),
  ]
  const quietNow = findings.some(({ name, state }) => name === 'foreign load' && state === 'ok')
  const { finding, calibration } = calibrated(quietNow)
  findings.push(finding)
  const broken = findings.some(({ state }) => state === 'failure')
  const sentence = sentenceOf(findings)
  const next = calibration.measured
    ? 'npx atonce advise ./your-module.ts#task --input …'
    : 'npx atonce calibrate'
  if (json) {
    const document = {
      schema: 'atonce.doctor/1',
      machine: surroundings(),
      ok: !broken,
      findings,
      calibration,
    }
    await print(`${jsonDocument({ ...document, sentence, next })}\n`)
  } else {
    const lines = findings.flatMap(({ name, state, found, fix }) => [
      `${marks[state]} ${name.padEnd(nameWidth)}  ${harmless(found)}`,
      ...(fix === '' ? [] : wrapped(`→ ${harmless(fix)}`, widthOfOutput() - 4).map(line => `    ${line}`)),
    ])
    const costs = calibration.measured ? 'What concurrency costs here' : 'What it costs on a common machine'
    await print(
      `${quiet(surroundingsLine(surroundings()))}\n${lines.join('\n')}\n${emphasis(sentence)}\n\n${costs}\n${figuresTable(calibration)}\n${quiet(pythonsFigures)}\n${quiet(`Next: ${next}`)}\n`,
    )
  }
  return broken ? exitCodes.failed : exitCodes.ok
}

function sentenceOf(findings: readonly Finding[]): string {
  const named = (state: Finding['state']) =>
    findings.filter(one => one.state === state).map(({ name }) => name)
  const [broken, warned] = [named('failure'), named('warning')]
  if (broken.length > 0) return `Broken: ${broken.join(', ')}.`
  return warned.length === 0
    ? 'All is well.'
    : `Nothing is broken; ${counted(warned.length, 'warning')}: ${warned.join(', ')}.`
}

/** The figures that choose, auto and advise use; checked again if nobody disturbs. */
function calibrated(quietNow: boolean): { finding: Finding; calibration: Calibration } {
  const loaded = loadCalibration()
  const { calibration, complaint } =
    loaded.complaint !== undefined || !quietNow ? loaded : recheck(loaded.calibration)
  const name = 'calibration'
  if (complaint !== undefined)
    return { calibration, finding: { name, state: 'warning', found: complaint, fix: 'npx atonce calibrate' } }
  if (!calibration.measured)
    return {
      calibration,
      finding: { name, state: 'warning', found: 'none: figures are assumed', fix: 'npx atonce calibrate' },
    }
  const found = `taken here, with ${cores(calibration.foreignCores)} cores busy with others' work`
  const noisy = calibration.foreignCores > quietCores
  return {
    calibration,
    finding: {
      name,
      state: noisy ? 'warning' : 'ok',
      found,
      fix: noisy ? 'Take it again on a quiet machine: npx atonce calibrate' : '',
    },
  }
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const supported = major > 22 || (major === 22 && minor >= 18)
  return {
    name: 'Node',
    state: supported ? 'ok' : 'failure',
    found: process.version,
    fix: supported ? '' : 'Install Node 22.18 or later.',
  }
}

function typescript(): Finding {
  const support = (process.features as { typescript?: string | false }).typescript
  return support
    ? { name: 'TypeScript', state: 'ok', found: `.ts runs directly (${support})`, fix: '' }
    : {
        name: 'TypeScript',
        state: 'warning',
        found: '.ts does not run here',
        fix: 'Use Node 22.18 or later without --no-strip-types, or name compiled .js files.',
      }
}

function workers(): Finding {
  const { cores: count, quotaCores, requestedWorkers, workers: chosen } = machine()
  const quota = quotaCores === undefined ? 'no quota' : `quota ${quotaCores}`
  const found = `${count} cores, ${quota}, ATONCE_WORKERS ${requestedWorkers ?? 'not set'} → ${chosen} workers`
  const allowed = Math.min(count, quotaCores ?? count)
  if (chosen > Math.ceil(allowed))
    return {
      name: 'cores',
      state: 'warning',
      found,
      fix: `Computing gains nothing beyond ${Math.ceil(allowed)} workers: unset ATONCE_WORKERS.`,
    }
  if (chosen === 1)
    return {
      name: 'cores',
      state: 'warning',
      found,
      fix: 'With one worker nothing computes in parallel: give the machine or the container more cores.',
    }
  return { name: 'cores', state: 'ok', found, fix: '' }
}

function sharedMemory(): Finding {
  const there = typeof SharedArrayBuffer === 'function'
  return there
    ? { name: 'shared memory', state: 'ok', found: 'SharedArrayBuffer is there', fix: '' }
    : {
        name: 'shared memory',
        state: 'failure',
        found: 'no SharedArrayBuffer',
        fix: 'Start Node without --no-harmony-sharedarraybuffer or the V8 flag that took it away.',
      }
}

/** Under Node's permission model, threads and processes need leave of their own. */
function permissions(): Finding[] {
  const model = (process as { permission?: { has(scope: string): boolean } }).permission
  if (model === undefined)
    return [{ name: 'permissions', state: 'ok', found: 'permission model off', fix: '' }]
  return [
    { scope: 'worker', flag: '--allow-worker', what: 'threads' },
    { scope: 'child', flag: '--allow-child-process', what: 'processes' },
  ].map(({ scope, flag, what }) =>
    model.has(scope)
      ? { name: what, state: 'ok', found: 'permitted', fix: '' }
      : { name: what, state: 'failure', found: 'not permitted', fix: `Start Node with ${flag}.` },
  )
}

/**
 * libuv's pool does file access, DNS and zlib and crypto calls, for all threads of the process
 * together.
 */
function threadpool(): Finding {
  const size = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)
  const { workers: count } = machine()
  const found = `UV_THREADPOOL_SIZE ${process.env['UV_THREADPOOL_SIZE'] ?? 'not set (4)'}`
  if (size >= count) return { name: 'I/O threads', state: 'ok', found, fix: '' }
  return {
    name: 'I/O threads',
    state: 'warning',
    found,
    fix: `${count} workers share them for files, DNS, zlib and crypto: set UV_THREADPOOL_SIZE=${count}.`,
  }
}

async function temporaryFolder(): Promise<Finding> {
  try {
    await rm(await mkdtemp(join(tmpdir(), 'atonce-doctor-')), { recursive: true })
    return { name: 'temporary folder', state: 'ok', found: `${tmpdir()} takes files`, fix: '' }
  } catch (error) {
    return {
      name: 'temporary folder',
      state: 'failure',
      found: summaryOf(error),
      fix: 'Free some space there, or point TMPDIR to a folder that takes files.',
    }
  }
}

/** Only worth a line where it is missing: Linux tells it in `/proc`. */
function otherProcesses(): Finding[] {
  if (process.platform !== 'linux' || tellsOfChildren()) return []
  return [
    {
      name: 'processes',
      state: 'warning',
      found: '/proc can’t be read, so nobody tells the CPU time of other processes',
      fix: 'Mount /proc in the container. Until then compare and time leave out what they can’t know.',
    },
  ]
}

const lookMs = 500

/** What others do to the cores while we wait. */
async function foreignLoad(): Promise<Finding> {
  const [busyBefore, ownBefore, begun] = [machineBusyMs(), treeCpuMs([]), runtime().now()]
  await new Promise<void>(resolve => runtime().setTimer(lookMs, resolve))
  const ownMs = (treeCpuMs([]) ?? 0) - (ownBefore ?? 0)
  const foreign = Math.max(0, machineBusyMs() - busyBefore - ownMs) / (runtime().now() - begun)
  const found = `${cores(foreign)} cores busy with others' work`
  if (foreign <= quietCores) return { name: 'foreign load', state: 'ok', found, fix: '' }
  return {
    name: 'foreign load',
    state: 'warning',
    found,
    fix: 'Measurements will be noisy: end what else runs, or wait.',
  }
}
