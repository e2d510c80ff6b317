import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { freshFolder } from './folders.ts'
import { createDatabase } from './postgres.ts'
import { quick } from './quick.ts'
import { postgresBase, sqliteTemplate } from './shared.ts'
import { postgresTemplate } from './templates.ts'

export { freshFolder } from './folders.ts'
export { freePort } from './free-port.ts'

/** Where one test's data lives: a fresh folder, or a fresh database of a real PostgreSQL. */
export interface Place {
  dataDir: string
  databaseUrl: string | undefined
}

/** A kind of database. */
export interface Engine {
  name: 'SQLite' | 'PostgreSQL'
  /** Makes a home for data that has its tables, and nothing in them. */
  place: () => Promise<Place>
  /** Makes one that has not even tables. */
  bare: () => Promise<Place>
}

/** Both, for tests of what differs between them: stores, the database, concurrency. */
export const engines: Engine[] = [
  {
    name: 'SQLite',
    async place() {
      const dataDir = freshFolder()
      copyFileSync(await sqliteTemplate(), join(dataDir, 'hatstand.sqlite'))
      return { dataDir, databaseUrl: undefined }
    },
    bare: async () => ({ dataDir: freshFolder(), databaseUrl: undefined }),
  },
  {
    name: 'PostgreSQL',
    place: () => freshDatabase(postgresTemplate),
    bare: () => freshDatabase('template1'),
  },
]

/** For tests of routes and pages, which say the same on both: in `npm test` SQLite alone. */
export const routeEngines = quick ? engines.slice(0, 1) : engines

let databases = 0

async function freshDatabase(template: string): Promise<Place> {
  const name = `hatstand_${process.pid}_${++databases}`
  return { dataDir: freshFolder(), databaseUrl: await createDatabase(await postgresBase(), name, template) }
}
