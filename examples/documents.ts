import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The three documents that describe the Data API; `documents/` has the JSON they print, in their order. */
export const documents = ['raw-data-overview', 'data-input-guide', 'data-api'] as const

export interface PrintedRequest {
  url: string
  method: string
  header: { key: string; value: string }[]
  body: { raw: unknown }
  description: string
}

export interface PrintedAnswer {
  name: string
  code: number
  body: unknown
}

/** One request as a document prints it, and the answers printed behind it. */
export interface Step {
  request: PrintedRequest
  answers: PrintedAnswer[]
}

/** Ids of records that the documents' requests name; they stand for records of the reader's own. */
export const printedIds = {
  note: '6dcff611-45cb-49a9-82ca-318b9e5a3c17',
  nudge: '3474369e-2317-4ea2-9bc8-198700a1f9cb',
  location: 'e965e022-6613-476a-a0cd-1f587a41b148',
}

export async function stepsOf(document: (typeof documents)[number]): Promise<Step[]> {
  const text = await readFile(join(import.meta.dirname, 'documents', `${document}.json`), 'utf8')
  const steps: Step[] = []
  for (const block of JSON.parse(text) as { request?: PrintedRequest; response?: PrintedAnswer[] }[]) {
    if (block.request) steps.push({ request: block.request, answers: [] })
    steps.at(-1)?.answers.push(...(block.response ?? []))
  }
  return steps
}

/**
 * Sends a request as it is printed, with only host, token and record ids put in.
 * @param ids id as printed -> id to send
 */
export async function send(
  { url, method, header, body: { raw } }: PrintedRequest,
  server: string,
  token: string,
  ids: ReadonlyMap<string, string>,
): Promise<Response> {
  const address = server + withIds(url.replace(/^https:\/\/[^/]+/, ''), ids)
  const headers = header.map(({ key, value }): [string, string] => [
    key,
    value.replace('ACCESS_TOKEN', token),
  ])
  const body = withIds(typeof raw === 'string' ? raw : JSON.stringify(raw), ids)
  return fetch(address, { method, headers, ...(body !== '' && { body }) })
}

function withIds(text: string, ids: ReadonlyMap<string, string>): string {
  return [...ids].reduce((changed, [printed, own]) => changed.replaceAll(printed, own), text)
}
