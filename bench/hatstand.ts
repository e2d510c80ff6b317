import { join } from 'node:path'
import { freePort } from '../packages/server/test/free-port.ts'
import { type Child, startChild } from './child.ts'
import { requestBytes } from './load.ts'

const launcher = join(import.meta.dirname, '../packages/server/bin/hatstand.js')
const name = 'bench'
const password = 'a password only for the bench'

/** Where the bench keeps its records. */
export const path = '/api/v2.6/data/bench/locations'

/** hatstand with an owner who is signed in. */
export interface Hatstand extends Child {
  /** Header fields of the owner's requests. */
  headers: Record<string, string>
  /** A request of the owner, as bytes. */
  request(method: string, path: string, body?: string): Buffer
  /** @throws an Error when it does not hold this many records, by its own count */
  mustHold(records: number): Promise<void>
}

export interface Options {
  folder: string
  port?: number
  databaseUrl?: string
  settings?: Record<string, string>
  /** Options for the process's Node. */
  node?: string[]
}

/** Starts hatstand as its users do, as a process of its own, and signs in. */
export async function startHatstand(options: Options): Promise<Hatstand> {
  return signIn(await startServer(options))
}

/** Starts hatstand; resolves when it listens. */
export async function startServer({ folder, port, databaseUrl, settings, node }: Options): Promise<Child> {
  return startChild([...(node ?? []), launcher, 'serve'], {
    PORT: String(port ?? (await freePort())),
    HATSTAND_DATA_DIR: folder,
    HATSTAND_OWNER: name,
    HATSTAND_OWNER_PASSWORD: password,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    ...settings,
  })
}

export async function signIn(child: Child): Promise<Hatstand> {
  const url = `http://localhost:${child.port}`
  const answer = await fetch(`${url}/users/access_token`, { headers: { username: name, password } })
  if (!answer.ok) throw new Error(`the bench could not sign in: ${await answer.text()}`)
  const { accessToken } = (await answer.json()) as { accessToken: string }
  const headers = {
    host: `localhost:${child.port}`,
    'x-auth-token': accessToken,
    'content-type': 'application/json',
  }
  return {
    ...child,
    headers,
    request: (method, target, body) => requestBytes(method, target, headers, body),
    async mustHold(records) {
      const sources = await fetch(`${url}/api/v2.6/data/sources?counts=true`, { headers })
      const counts = (await sources.json()) as Record<string, Record<string, { records: number }>>
      const held = counts['bench']?.['locations']?.records ?? 0
      if (held !== records) throw new Error(`${records} records were sent, and ${held} are there`)
    },
  }
}
