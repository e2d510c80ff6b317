import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../../..')

interface Floor {
  files: string[]
  forbidden: string[]
  allowed: string[]
}

/** What stands on a floor, what it may not import, and neighbours it may. Paths of the server are below its `src`. */
const floorList: Floor[] = [
  {
    files: ['packages/api/src/records.ts'],
    forbidden: ['@hatstand/sdk', 'app.ts', 'fastify', 'node:fs', 'typebox'],
    allowed: ['packages/api/src/errors.ts'],
  },
  {
    files: ['packages/api/src/json.ts'],
    forbidden: ['node:buffer', 'packages/api/src/errors.ts', 'typebox'],
    allowed: [],
  },
  {
    files: ['packages/sdk/src/sdk.ts'],
    forbidden: ['app.ts', 'fastify', 'node:http'],
    allowed: ['@hatstand/api/json.ts', 'packages/sdk/src/records.ts'],
  },
  {
    files: ['packages/sdk/src/sign-in/session.ts'],
    forbidden: ['@hatstand/server', 'node:http', 'oauth4webapi', 'packages/sdk/src/connection.ts'],
    allowed: ['packages/sdk/src/sign-in/protocol.ts'],
  },
  {
    files: ['packages/sdk/src/sign-in/protocol.ts'],
    forbidden: ['@hatstand/api/records.ts', 'node:http', 'packages/sdk/src/connection.ts'],
    allowed: ['oauth4webapi', 'packages/sdk/src/sign-in/error.ts'],
  },
  {
    files: ['domain/ledger.ts'],
    forbidden: ['errors.ts', 'fastify', 'node:fs', 'store/ledger/entries.ts'],
    allowed: ['@hatstand/api/json.ts', 'node:crypto'],
  },
  {
    files: ['domain/access/rights.ts'],
    forbidden: [
      'errors.ts',
      'fastify',
      'kysely',
      'node:crypto',
      'node:fs',
      'node:timers',
      'store/records/save.ts',
      'uuid',
    ],
    allowed: ['@hatstand/api/json.ts', 'domain/access/roles.ts', 'domain/json/comparing.ts'],
  },
  {
    files: ['domain/json/fingerprint.ts'],
    forbidden: ['app.ts', 'node:fs'],
    allowed: ['domain/json/numbers.ts', 'node:crypto'],
  },
  {
    files: ['domain/queries/query.ts'],
    forbidden: ['kysely', 'node:crypto', 'store/queries/queries.ts'],
    allowed: ['domain/json/comparing.ts', 'domain/queries/text.ts'],
  },
  {
    files: ['domain/consent/receipt.ts'],
    forbidden: ['ledger/entries.ts', 'node:crypto'],
    allowed: ['domain/access/rights.ts', 'domain/queries/query.ts'],
  },
  {
    files: ['database/port.ts'],
    forbidden: ['context.ts', 'domain/access/rights.ts', 'fastify', 'store/records/save.ts'],
    allowed: ['database/tables.ts', 'kysely'],
  },
  {
    files: ['database/sqlite/sqlite.ts'],
    forbidden: ['app.ts', 'fastify', 'routes/records/records.ts', 'store/records/save.ts'],
    allowed: ['database/port.ts', 'kysely', 'node:sqlite'],
  },
  {
    files: ['database/postgres/postgres.ts'],
    forbidden: ['auth/keys.ts', 'fastify', 'store/records/save.ts'],
    allowed: ['database/port.ts', 'kysely', 'pg'],
  },
  {
    files: [
      'store/records/save.ts',
      'store/queries/queries.ts',
      'store/access/accounts.ts',
      'store/consent/receipts.ts',
      'store/ledger/seals.ts',
    ],
    forbidden: [
      '@fastify/cors',
      'app.ts',
      'auth/authenticate.ts',
      'database/sqlite/sqlite.ts',
      'fastify',
      'ledger/entries.ts',
      'node:sqlite',
      'pg',
      'routes/records/records.ts',
    ],
    allowed: ['database/port.ts', 'domain/access/rights.ts', 'kysely', 'store/ledger/entries.ts'],
  },
  {
    files: ['ledger/entries.ts'],
    forbidden: [
      '@hatstand/sdk',
      'app.ts',
      'auth/keys.ts',
      'database/sqlite/sqlite.ts',
      'kysely',
      'node:sqlite',
      'pg',
      'routes/keys.ts',
    ],
    allowed: ['database/port.ts', 'domain/access/rights.ts', 'store/access/owners.ts'],
  },
  {
    files: [
      'auth/authenticate.ts',
      'auth/oauth/provider.ts',
      'auth/passwords/login.ts',
      'auth/second-factors/passkeys.ts',
    ],
    forbidden: [
      '@hatstand/sdk',
      'app.ts',
      'database/sqlite/sqlite.ts',
      'kysely',
      'main.ts',
      'node:sqlite',
      'pages/setup.ts',
      'pg',
      'routes/keys.ts',
    ],
    allowed: [
      'database/port.ts',
      'domain/access/rights.ts',
      'fastify',
      'jose',
      'ledger/entries.ts',
      'store/access/owners.ts',
    ],
  },
  {
    files: ['actions/data-debits.ts'],
    forbidden: [
      '@hatstand/sdk',
      'app.ts',
      'cli/cli.ts',
      'database/sqlite/sqlite.ts',
      'fastify',
      'http/answers.ts',
      'jobs/expire.ts',
      'kysely',
      'main.ts',
      'node:sqlite',
      'pages/setup.ts',
      'pg',
      'routes/keys.ts',
    ],
    allowed: [
      'auth/opaque-tokens.ts',
      'database/port.ts',
      'domain/access/rights.ts',
      'errors.ts',
      'ledger/entries.ts',
      'store/consent/decisions.ts',
    ],
  },
  {
    files: ['http/errors.ts'],
    forbidden: [
      '@hatstand/sdk',
      'app.ts',
      'database/sqlite/sqlite.ts',
      'kysely',
      'node:sqlite',
      'pages/setup.ts',
      'pg',
      'routes/keys.ts',
    ],
    allowed: ['database/port.ts', 'errors.ts', 'fastify'],
  },
  {
    files: [
      'routes/keys.ts',
      'routes/records/records.ts',
      'routes/data-debits/values.ts',
      'routes/docs/docs.ts',
      'routes/oauth.ts',
      'routes/passwords.ts',
    ],
    forbidden: [
      '@hatstand/sdk',
      'app.ts',
      'cli/cli.ts',
      'database/sqlite/sqlite.ts',
      'kysely',
      'main.ts',
      'node:sqlite',
      'pages/setup.ts',
      'pg',
    ],
    allowed: [
      'auth/authenticate.ts',
      'database/port.ts',
      'domain/access/rights.ts',
      'fastify',
      'http/answers.ts',
      'store/access/owners.ts',
    ],
  },
  {
    files: ['pages/setup.ts', 'pages/oauth.ts', 'pages/account/account.ts', 'pages/account/passwords.ts'],
    forbidden: [
      '@hatstand/sdk',
      'app.ts',
      'cli/cli.ts',
      'database/sqlite/sqlite.ts',
      'kysely',
      'main.ts',
      'node:sqlite',
      'pg',
      'routes/keys.ts',
    ],
    allowed: [
      'auth/authenticate.ts',
      'database/port.ts',
      'domain/access/rights.ts',
      'fastify',
      'http/page.ts',
      'store/access/owners.ts',
    ],
  },
  {
    files: ['jobs/expire.ts'],
    forbidden: [
      '@hatstand/sdk',
      'app.ts',
      'database/sqlite/sqlite.ts',
      'kysely',
      'node:sqlite',
      'pages/setup.ts',
      'pg',
      'routes/keys.ts',
    ],
    allowed: ['database/port.ts', 'domain/access/rights.ts', 'store/access/owners.ts'],
  },
  {
    files: ['cli/accounts.ts'],
    forbidden: ['app.ts', 'database/sqlite/sqlite.ts', 'kysely', 'routes/keys.ts'],
    allowed: ['auth/passwords/passwords.ts', 'config.ts', 'database/open.ts', 'store/access/accounts.ts'],
  },
  {
    files: ['app.ts'],
    forbidden: ['cli/cli.ts', 'kysely', 'main.ts', 'pg'],
    allowed: ['fastify', 'routes/keys.ts'],
  },
]

const server = 'packages/server/src/'
const whole = (file: string) => (file.startsWith('packages/') ? file : server + file)
/** As `file` imports it. */
const importIn = (file: string, target: string) => {
  if (!target.endsWith('.ts') || target.startsWith('@')) return target
  const path = relative(dirname(whole(file)), whole(target)).replaceAll('\\', '/')
  return path.startsWith('.') ? path : `./${path}`
}

const floors: Record<string, { forbidden: string[]; allowed: string[] }> = Object.fromEntries(
  floorList.flatMap(({ files, forbidden, allowed }) =>
    files.map((file) => [
      whole(file),
      {
        forbidden: forbidden.map((target) => importIn(file, target)),
        allowed: allowed.map((target) => importIn(file, target)),
      },
    ]),
  ),
)

type Finding = { code: string; filename: string; labels: { span: { line: number } }[] }

type Rules = { options?: unknown; overrides: { files: string[]; rules: Record<string, unknown> }[] }

/** This project's own rules; their comments stand on lines of their own. */
async function ownRules(): Promise<Rules> {
  const text = await readFile(join(root, '.oxlintrc.json'), 'utf8')
  return JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, '')) as Rules
}

/** Lints a folder of files made of these lines, by this project's own rules, and gives the lines of each file that break one of them. */
async function breaking(rule: string, files: Record<string, string[]>): Promise<Map<string, Set<number>>> {
  const folder = await mkdtemp(join(tmpdir(), 'hatstand-floors-'))
  try {
    const rules = await ownRules()
    delete rules.options
    await writeFile(join(folder, '.oxlintrc.json'), JSON.stringify(rules))
    for (const [name, lines] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), lines.join('\n'))
    }
    const found = new Map(Object.keys(files).map((name) => [name, new Set<number>()]))
    for (const { code, filename, labels } of await lint(folder)) {
      if (code.includes(rule)) found.get(filename)?.add(labels[0]?.span.line ?? 0)
    }
    return found
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function lint(folder: string): Promise<Finding[]> {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [oxlint, '--format=json'], { cwd: folder }, (_error, stdout) =>
      resolve(stdout),
    )
  })
  return (JSON.parse(output) as { diagnostics: Finding[] }).diagnostics
}

test('the linter refuses every import that goes up a floor, and none that goes down', async () => {
  const files = Object.fromEntries(
    Object.entries(floors).map(([name, { forbidden, allowed }]) => [
      name,
      [...forbidden, ...allowed].map((from) => `import '${from}'`),
    ]),
  )
  const found = await breaking('no-restricted-imports', files)
  for (const [name, { forbidden }] of Object.entries(floors)) {
    const lines = forbidden.map((_from, index) => index + 1)
    assert.deepEqual(
      [...(found.get(name) ?? [])].toSorted((a, b) => a - b),
      lines,
      name,
    )
  }
})

test('every folder of the server has its floor', async () => {
  const known = new Set(Object.keys(floors).map(dirname))
  for await (const file of glob('packages/{api,sdk,server}/src/**/*.ts', { cwd: root })) {
    assert.ok(known.has(dirname(file)), `${file} is on no floor: give its folder rules in .oxlintrc.json`)
  }
})

/** The files that may make and read JSON, as the linter's rules name them: never the data of a record. */
async function makingJson(): Promise<string[]> {
  const { overrides } = await ownRules()
  const free = overrides.filter(({ rules }) => {
    const rule = rules['eslint/no-restricted-properties']
    return rule !== undefined && !JSON.stringify(rule).includes('"JSON"')
  })
  return free.flatMap(({ files }) => files).filter((file) => file.startsWith('packages/'))
}

test('the linter refuses JSON.parse and JSON.stringify, but in the files it names', async () => {
  const lines = ['export const value = JSON.parse(text)', 'export const text = JSON.stringify(value)']
  const named = await makingJson()
  const floorsToo = Object.keys(floors).filter((file) => !named.includes(file))
  const found = await breaking(
    'no-restricted-properties',
    Object.fromEntries([...floorsToo, ...named].map((file) => [file, lines])),
  )
  for (const file of floorsToo) assert.deepEqual([...found.get(file)!], [1, 2], file)
  for (const file of named) assert.deepEqual([...found.get(file)!], [], file)
})

test('each file that is named for its JSON is there, and makes or reads some', async () => {
  for (const file of await makingJson()) {
    assert.match(await readFile(join(root, file), 'utf8'), /JSON\.(parse|stringify)/, file)
  }
})

test('the only classes are errors', async () => {
  for await (const file of glob('packages/*/src/**/*.ts', { cwd: root })) {
    const source = await readFile(join(root, file), 'utf8')
    for (const [line] of source.matchAll(/^(export )?(abstract )?class .*/gm)) {
      assert.match(line, /class \w*Error extends \w*Error\b/, file)
    }
  }
})
