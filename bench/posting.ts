import { type Hatstand, path } from './hatstand.ts'
import { drive, type Run } from './load.ts'

/** POSTs of a thousand records each, one after the other. `texts` are the records. */
export async function saveThousands(server: Hatstand, texts: string[]): Promise<Run> {
  const requests: Buffer[] = []
  for (let from = 0; from < texts.length; from += 1000)
    requests.push(server.request('POST', path, `[${texts.slice(from, from + 1000).join()}]`))
  return post(server, requests, 1)
}

/** POSTs of one record each. */
export function saveSingly(server: Hatstand, texts: string[], connections: number): Promise<Run> {
  const requests = texts.map((text) => server.request('POST', path, text))
  return post(server, requests, connections)
}

function post(server: Hatstand, requests: Buffer[], connections: number): Promise<Run> {
  return drive({
    port: server.port,
    connections,
    count: requests.length,
    request: (index) => requests[index]!,
    status: 201,
  })
}
