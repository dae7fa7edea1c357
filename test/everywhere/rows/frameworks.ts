/** Frameworks that build and serve: the program is a route, and what it answers is the survey. */
import { asPackage, buildPackage, compiler, esm, spoiltTasks } from '../program.ts'
import type { Row } from '../row.ts'

const group = 'Frameworks'

/** Starts a server, asks it, and prints the answer as the survey's program would. */
const ask = `
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
export const freePort = () => new Promise(resolve => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})
export async function askServer(words, port, path, env = {}, between = async () => {}) {
  const server = spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, PORT: String(port), ...env } })
  let ended = false
  server.once('exit', () => { ended = true })
  const ask = async wanted => {
    for (;;) {
      if (ended) throw new Error('The server has ended.')
      const answer = await fetch('http://127.0.0.1:' + port + path).catch(() => undefined)
      const text = await answer?.text()
      if (answer?.ok && wanted(text)) return text
      if (answer !== undefined && answer.status >= 500) throw new Error(text)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
  try {
    await between(ask)
    console.log('seen: ' + await ask(() => true))
  } finally {
    server.kill()
  }
}
`

const next: Omit<Row, 'how' | 'runs'> = {
  tool: 'Next.js',
  group,
  tools: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1', ...compiler },
  files: {
    ...asPackage,
    'package.json': JSON.stringify({
      name: 'user',
      type: 'module',
      dependencies: { atonce: '*', 'user-tasks': '1.0.0' },
    }),
    'next.config.mjs': `
export default {
  serverExternalPackages: ['atonce', 'user-tasks'],
  output: 'standalone',
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
}
`,
    'app/layout.jsx':
      'export default function Layout({ children }) { return <html><body>{children}</body></html> }\n',
    'app/page.jsx': 'export default function Page() { return <p>here</p> }\n',
    'app/survey/route.js': `
import { survey } from 'user-tasks'
export const dynamic = 'force-dynamic'
export async function GET() { return Response.json(await survey()) }
`,
    'ask.mjs': ask,
    'start.mjs': `
import { askServer, freePort } from './ask.mjs'
const port = await freePort()
await askServer(['node_modules/next/dist/bin/next', 'start', '-p', String(port)], port, '/survey')
`,
    'dev.mjs': `
import { readFileSync, writeFileSync } from 'node:fs'
import { askServer, freePort } from './ask.mjs'
const port = await freePort()
const route = 'app/survey/route.js'
await askServer(['node_modules/next/dist/bin/next', 'dev', '-p', String(port)], port, '/survey', {}, async ask => {
  await ask(() => true)
  writeFileSync(route, readFileSync(route, 'utf8').replace('await survey()', "{ ...await survey(), edited: 'yes' }"))
  await ask(text => text.includes('edited'))
})
`,
  },
  env: { NEXT_TELEMETRY_DISABLED: '1' },
  set: "`serverExternalPackages: ['atonce', …]`, the tasks in a package of their own",
}

export const frameworks: readonly Row[] = [
  {
    ...next,
    how: 'build and start',
    builds: [buildPackage, 'next build'],
    runs: ['node start.mjs'],
  },
  {
    ...next,
    how: 'dev, before and after an edit',
    builds: [buildPackage],
    runs: ['node dev.mjs'],
  },
  {
    tool: 'Nitro',
    how: 'build',
    group,
    tools: { nitropack: '2.13.6', ...compiler },
    files: {
      ...asPackage,
      'package.json': JSON.stringify({
        name: 'user',
        type: 'module',
        dependencies: { atonce: '*', 'user-tasks': '1.0.0' },
      }),
      'nitro.config.ts': "export default { srcDir: 'server', compatibilityDate: '2025-01-01' }\n",
      'server/routes/survey.ts': `
import { survey } from 'user-tasks'
export default defineEventHandler(() => survey())
`,
      'out/ask.mjs': ask,
      'out/start.mjs': `
import { askServer, freePort } from './ask.mjs'
await askServer(['server/index.mjs'], await freePort(), '/survey')
`,
    },
    builds: [buildPackage, 'nitropack build', 'cp -r .output/server out/server'],
    built: 'out',
    runs: ['node start.mjs'],
    set: 'the tasks in a package of their own',
  },
  {
    tool: 'Vite',
    how: 'development server, before and after an edit',
    group,
    tools: { vite: '8.4.0' },
    files: {
      ...esm,
      'dev.mjs': `
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'vite'
const right = readFileSync('tasks.ts', 'utf8')
writeFileSync('tasks.ts', ${JSON.stringify(spoiltTasks)})
const server = await createServer({ configFile: false, appType: 'custom', logLevel: 'error', server: { middlewareMode: true, watch: null } })
const before = await (await server.ssrLoadModule('/survey.ts')).survey()
if (before.threads.primes[0] !== -1) throw new Error(JSON.stringify(before))
writeFileSync('tasks.ts', right)
server.moduleGraph.invalidateAll()
const { print, survey } = await server.ssrLoadModule('/survey.ts')
print(await survey())
await server.close()
`,
    },
    runs: ['node dev.mjs'],
  },
]
