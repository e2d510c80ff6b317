import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../../..')

/** What each part may not import, and the neighbouring imports it may. */
const floors: Record<string, { forbidden: string[]; allowed: string[] }> = {
  'packages/api/src/records.ts': {
    forbidden: ['typebox', 'fastify', 'node:fs', '@hatstand/sdk', '../../server/src/app.ts'],
    allowed: ['./errors.ts'],
  },
  'packages/api/src/json.ts': { forbidden: ['typebox', './errors.ts', 'node:buffer'], allowed: [] },
  'packages/sdk/src/sdk.ts': {
    forbidden: ['node:http', 'fastify', '../../server/src/app.ts'],
    allowed: ['@hatstand/api/json.ts', './records.ts'],
  },
  'packages/sdk/src/sign-in/session.ts': {
    forbidden: ['oauth4webapi', 'node:http', '../connection.ts', '@hatstand/server'],
    allowed: ['./protocol.ts'],
  },
  'packages/sdk/src/sign-in/protocol.ts': {
    forbidden: ['node:http', '@hatstand/api/records.ts', '../connection.ts'],
    allowed: ['oauth4webapi', './error.ts'],
  },
  'packages/server/src/domain/ledger.ts': {
    forbidden: ['node:fs', 'fastify', '../store/ledger/entries.ts', '../errors.ts'],
    allowed: ['node:crypto', '@hatstand/api/json.ts'],
  },
  'packages/server/src/domain/access/rights.ts': {
    forbidden: [
      'node:fs',
      'node:crypto',
      'node:timers',
      'fastify',
      'kysely',
      'uuid',
      '../../store/records/save.ts',
      '../../errors.ts',
    ],
    allowed: ['./roles.ts', '../json/comparing.ts', '@hatstand/api/json.ts'],
  },
  'packages/server/src/domain/json/fingerprint.ts': {
    forbidden: ['node:fs', '../../app.ts'],
    allowed: ['node:crypto', './numbers.ts'],
  },
  'packages/server/src/domain/queries/query.ts': {
    forbidden: ['node:crypto', 'kysely', '../../store/queries/queries.ts'],
    allowed: ['../json/comparing.ts', './text.ts'],
  },
  'packages/server/src/domain/consent/receipt.ts': {
    forbidden: ['node:crypto', '../../ledger/entries.ts'],
    allowed: ['../queries/query.ts', '../access/rights.ts'],
  },
  'packages/server/src/database/port.ts': {
    forbidden: ['../store/records/save.ts', '../domain/access/rights.ts', '../context.ts', 'fastify'],
    allowed: ['kysely', './tables.ts'],
  },
  'packages/server/src/database/sqlite/sqlite.ts': {
    forbidden: ['../../store/records/save.ts', '../../routes/records/records.ts', '../../app.ts', 'fastify'],
    allowed: ['node:sqlite', 'kysely', '../port.ts'],
  },
  'packages/server/src/database/postgres/postgres.ts': {
    forbidden: ['../../store/records/save.ts', '../../auth/keys.ts', 'fastify'],
    allowed: ['pg', 'kysely', '../port.ts'],
  },
  'packages/server/src/store/records/save.ts': {
    forbidden: [
      '../../routes/records/records.ts',
      '../../auth/authenticate.ts',
      '../../ledger/entries.ts',
      '../../app.ts',
      '../../database/sqlite/sqlite.ts',
      'pg',
      'node:sqlite',
      'fastify',
      '@fastify/cors',
    ],
    allowed: ['../../database/port.ts', '../../domain/access/rights.ts', '../ledger/entries.ts', 'kysely'],
  },
  'packages/server/src/store/queries/queries.ts': {
    forbidden: [
      '../../routes/records/records.ts',
      '../../auth/authenticate.ts',
      '../../ledger/entries.ts',
      '../../app.ts',
      '../../database/sqlite/sqlite.ts',
      'pg',
      'node:sqlite',
      'fastify',
      '@fastify/cors',
    ],
    allowed: ['../../database/port.ts', '../../domain/access/rights.ts', '../ledger/entries.ts', 'kysely'],
  },
  'packages/server/src/store/access/accounts.ts': {
    forbidden: [
      '../../routes/records/records.ts',
      '../../auth/authenticate.ts',
      '../../ledger/entries.ts',
      '../../app.ts',
      '../../database/sqlite/sqlite.ts',
      'pg',
      'node:sqlite',
      'fastify',
      '@fastify/cors',
    ],
    allowed: ['../../database/port.ts', '../../domain/access/rights.ts', '../ledger/entries.ts', 'kysely'],
  },
  'packages/server/src/store/consent/receipts.ts': {
    forbidden: [
      '../../routes/records/records.ts',
      '../../auth/authenticate.ts',
      '../../ledger/entries.ts',
      '../../app.ts',
      '../../database/sqlite/sqlite.ts',
      'pg',
      'node:sqlite',
      'fastify',
      '@fastify/cors',
    ],
    allowed: ['../../database/port.ts', '../../domain/access/rights.ts', '../ledger/entries.ts', 'kysely'],
  },
  'packages/server/src/store/ledger/seals.ts': {
    forbidden: [
      '../../routes/records/records.ts',
      '../../auth/authenticate.ts',
      '../../ledger/entries.ts',
      '../../app.ts',
      '../../database/sqlite/sqlite.ts',
      'pg',
      'node:sqlite',
      'fastify',
      '@fastify/cors',
    ],
    allowed: ['../../database/port.ts', '../../domain/access/rights.ts', '../ledger/entries.ts', 'kysely'],
  },
  'packages/server/src/ledger/entries.ts': {
    forbidden: [
      '../app.ts',
      '../routes/keys.ts',
      '../auth/keys.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../database/sqlite/sqlite.ts',
    ],
    allowed: ['../store/access/owners.ts', '../domain/access/rights.ts', '../database/port.ts'],
  },
  'packages/server/src/auth/authenticate.ts': {
    forbidden: [
      '../app.ts',
      '../routes/keys.ts',
      '../pages/setup.ts',
      '../main.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../store/access/owners.ts',
      '../domain/access/rights.ts',
      '../database/port.ts',
      '../ledger/entries.ts',
      'fastify',
      'jose',
    ],
  },
  'packages/server/src/auth/oauth/provider.ts': {
    forbidden: [
      '../../app.ts',
      '../../routes/keys.ts',
      '../../pages/setup.ts',
      '../../main.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../../store/access/owners.ts',
      '../../domain/access/rights.ts',
      '../../database/port.ts',
      '../../ledger/entries.ts',
      'fastify',
      'jose',
    ],
  },
  'packages/server/src/auth/passwords/login.ts': {
    forbidden: [
      '../../app.ts',
      '../../routes/keys.ts',
      '../../pages/setup.ts',
      '../../main.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../../store/access/owners.ts',
      '../../domain/access/rights.ts',
      '../../database/port.ts',
      '../../ledger/entries.ts',
      'fastify',
      'jose',
    ],
  },
  'packages/server/src/auth/second-factors/passkeys.ts': {
    forbidden: [
      '../../app.ts',
      '../../routes/keys.ts',
      '../../pages/setup.ts',
      '../../main.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../../store/access/owners.ts',
      '../../domain/access/rights.ts',
      '../../database/port.ts',
      '../../ledger/entries.ts',
      'fastify',
      'jose',
    ],
  },
  'packages/server/src/actions/data-debits.ts': {
    forbidden: [
      '../app.ts',
      '../routes/keys.ts',
      '../pages/setup.ts',
      '../http/answers.ts',
      '../jobs/expire.ts',
      '../cli/cli.ts',
      '../main.ts',
      'fastify',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../store/consent/decisions.ts',
      '../domain/access/rights.ts',
      '../database/port.ts',
      '../ledger/entries.ts',
      '../auth/opaque-tokens.ts',
      '../errors.ts',
    ],
  },
  'packages/server/src/http/errors.ts': {
    forbidden: [
      '../app.ts',
      '../routes/keys.ts',
      '../pages/setup.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../database/sqlite/sqlite.ts',
    ],
    allowed: ['../errors.ts', '../database/port.ts', 'fastify'],
  },
  'packages/server/src/routes/keys.ts': {
    forbidden: [
      '../main.ts',
      '../cli/cli.ts',
      '../app.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../store/access/owners.ts',
      '../domain/access/rights.ts',
      '../database/port.ts',
      '../http/answers.ts',
      '../auth/authenticate.ts',
      'fastify',
    ],
  },
  'packages/server/src/routes/records/records.ts': {
    forbidden: [
      '../../main.ts',
      '../../cli/cli.ts',
      '../../app.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../../store/access/owners.ts',
      '../../domain/access/rights.ts',
      '../../database/port.ts',
      '../../http/answers.ts',
      '../../auth/authenticate.ts',
      'fastify',
    ],
  },
  'packages/server/src/routes/data-debits/values.ts': {
    forbidden: [
      '../../main.ts',
      '../../cli/cli.ts',
      '../../app.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../../store/access/owners.ts',
      '../../domain/access/rights.ts',
      '../../database/port.ts',
      '../../http/answers.ts',
      '../../auth/authenticate.ts',
      'fastify',
    ],
  },
  'packages/server/src/routes/docs/docs.ts': {
    forbidden: [
      '../../main.ts',
      '../../cli/cli.ts',
      '../../app.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../../store/access/owners.ts',
      '../../domain/access/rights.ts',
      '../../database/port.ts',
      '../../http/answers.ts',
      '../../auth/authenticate.ts',
      'fastify',
    ],
  },
  'packages/server/src/pages/setup.ts': {
    forbidden: [
      '../routes/keys.ts',
      '../main.ts',
      '../cli/cli.ts',
      '../app.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../store/access/owners.ts',
      '../domain/access/rights.ts',
      '../database/port.ts',
      '../http/page.ts',
      '../auth/authenticate.ts',
      'fastify',
    ],
  },
  'packages/server/src/pages/account/account.ts': {
    forbidden: [
      '../../routes/keys.ts',
      '../../main.ts',
      '../../cli/cli.ts',
      '../../app.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../../database/sqlite/sqlite.ts',
    ],
    allowed: [
      '../../store/access/owners.ts',
      '../../domain/access/rights.ts',
      '../../database/port.ts',
      '../../http/page.ts',
      '../../auth/authenticate.ts',
      'fastify',
    ],
  },
  'packages/server/src/jobs/expire.ts': {
    forbidden: [
      '../app.ts',
      '../routes/keys.ts',
      '../pages/setup.ts',
      'kysely',
      'pg',
      'node:sqlite',
      '@hatstand/sdk',
      '../database/sqlite/sqlite.ts',
    ],
    allowed: ['../store/access/owners.ts', '../domain/access/rights.ts', '../database/port.ts'],
  },
  'packages/server/src/cli/accounts.ts': {
    forbidden: ['../app.ts', '../routes/keys.ts', '../database/sqlite/sqlite.ts', 'kysely'],
    allowed: [
      '../store/access/accounts.ts',
      '../auth/passwords/passwords.ts',
      '../database/open.ts',
      '../config.ts',
    ],
  },
  'packages/server/src/app.ts': {
    forbidden: ['./main.ts', './cli/cli.ts', 'pg', 'kysely'],
    allowed: ['./routes/keys.ts', 'fastify'],
  },
}

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
