// Serves the rain diary, with the SDK as it stands in this repository.
//   npm run example:spa                               PORT, 3000 if not given
import { readFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Where the addresses of index.html lead; all others to this folder. */
const folders = {
  '/sdk/': 'packages/sdk/src/',
  '/api/': 'packages/api/src/',
  '/oauth4webapi/': 'node_modules/oauth4webapi/build/',
  '/': 'examples/spa/',
}

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.ts': 'text/javascript',
}

async function answer(url: string, response: ServerResponse): Promise<void> {
  const path = new URL(url, 'http://localhost').pathname.replace(/\/$/, '/index.html')
  const [begin, folder] = Object.entries(folders).find(([name]) => path.startsWith(name))!
  const type = types[extname(path)]
  const file = join(root, folder, path.slice(begin.length))
  const text = type && (await readFile(file, 'utf8').catch(() => undefined))
  if (text) response.setHeader('content-type', `${type}; charset=utf-8`)
  else response.statusCode = 404
  response.end(text && path.endsWith('.ts') ? stripTypeScriptTypes(text) : text)
}

/** @param port 0 takes any that is free */
export async function serve(port: number): Promise<{ server: Server; url: string }> {
  const server = createServer(({ url = '/' }, response) => void answer(url, response))
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve))
  return { server, url: `http://localhost:${(server.address() as AddressInfo).port}` }
}

if (import.meta.main) {
  const { url } = await serve(Number(process.env['PORT'] ?? 3000))
  console.log(`The rain diary is at ${url}`)
}
