import assert from 'node:assert/strict'
import { type Draft, happened, type Ledger, type Operation } from './crash-ledger.ts'

/** Where a connection sends its requests. */
export interface Target {
  url: string
  token: string
}

/** Requests going on at the moment of the crash. */
export interface Load {
  ledger: Ledger
  /** Requests whose answer never came. */
  pending: Set<Operation>
  /** Requests that were acknowledged, but whose answer was cut before it named the ids. */
  cut: Set<Operation>
  /** Acknowledged requests as they can be sent again. */
  sent: { operation: Operation; path: string; body: string }[]
  answered: number
  erases: boolean
}

const endpoints = ['crash/one', 'crash/two', 'other/three']
export const orderPaths = ['n', 'deep.list.1', 'note']
let last = 0

const below = (limit: number) => Math.floor(Math.random() * limit)

/** A value nobody sent before, spelled oddly. */
function newText(large = false): string {
  const space = ' '.repeat(below(3))
  const note = `${'x'.repeat(below(40))}é\\u0041${large ? 'y'.repeat(700) : ''}`
  return `{${space}"n":${++last}.0,${space}"note" : "${note}","deep":{"list":[1, ${below(1000)}e${below(3)},null ]}}`
}

/** One connection that sends one request after another, and ends when the server does. */
export async function keepSending(load: Load, target: Target, goesOn: () => boolean): Promise<void> {
  const mine: string[] = []
  while (goesOn()) {
    const next = chooseOperation(load, mine)
    try {
      if (next) await change(load, target, next, mine)
      else await readInOrder(target)
    } catch (error) {
      // The server is gone: fetch says so with a TypeError.
      if (error instanceof TypeError) return
      throw error
    }
    load.answered += 1
  }
}

interface Request {
  operation: Operation
  method: string
  path: string
  body?: string
}

function chooseOperation({ ledger, erases }: Load, mine: string[]): Request | undefined {
  const dice = below(100)
  if (dice < 30) return saveOne()
  if (dice < 45) return saveArray(below(60))
  if (dice < 48) return saveArray(1001 + below(1500), below(2) === 0)
  if (dice < 55) return saveRest(ledger, mine)
  if (dice < 70) return saveBatch()
  if (dice < 72) return undefined
  const ids = pick(mine, 1 + below(5))
  if (ids.length === 0) return saveOne()
  if (dice < 88) return update(ledger, ids)
  if (dice < 93) return link(ids)
  if (erases && dice < 95) return remove('erase', ids, mine)
  return remove('delete', ids, mine)
}

const anEndpoint = () => endpoints[below(endpoints.length)]!

function pick(mine: string[], count: number): string[] {
  return [...new Set(Array.from({ length: Math.min(count, mine.length) }, () => mine[below(mine.length)]!))]
}

function saveOne(): Request {
  const draft = { endpoint: anEndpoint(), text: newText() }
  const operation: Operation = { kind: 'save', drafts: [draft], groups: [] }
  return {
    operation,
    method: 'POST',
    path: `/api/v2.6/data/${draft.endpoint}`,
    body: `  ${draft.text} `,
  }
}

function saveArray(count: number, large = false): Request {
  const endpoint = anEndpoint()
  const drafts = Array.from({ length: count }, (): Draft => ({ endpoint, text: newText(large) }))
  return arrayRequest(
    endpoint,
    drafts,
    drafts.map(({ text }) => text),
    '',
  )
}

/** An array with duplicates among it, which are left out. */
function saveRest(ledger: Ledger, mine: string[]): Request {
  const endpoint = anEndpoint()
  const drafts = Array.from({ length: 1 + below(20) }, (): Draft => ({ endpoint, text: newText() }))
  const known = pick(mine, 5)
    .map((id) => ledger.records.get(id)!)
    .filter((record) => record.endpoint === endpoint)
  const texts = [...known.map(({ text }) => text), ...drafts.map(({ text }) => text)]
  return arrayRequest(endpoint, drafts, [...texts, ...texts.slice(0, 2)], '?skipErrors=true')
}

function arrayRequest(endpoint: string, drafts: Draft[], texts: string[], query: string): Request {
  const operation: Operation = { kind: 'save', drafts, groups: [] }
  const path = `/api/v2.6/data/${endpoint}${query}`
  return { operation, method: 'POST', path, body: `[${texts.join(' ,')}]` }
}

function saveBatch(): Request {
  const drafts: Draft[] = []
  const groups: number[][] = []
  const heads = Array.from({ length: 1 + below(8) }, () => {
    const group = Array.from(
      { length: 1 + below(4) },
      () => drafts.push({ endpoint: anEndpoint(), text: newText() }) - 1,
    )
    if (group.length > 1) groups.push(group)
    const [head, ...linked] = group.map((index) => drafts[index]!)
    const links = linked.map(({ endpoint, text }) => `{"endpoint":"${endpoint}","data":${text}}`)
    return `{"endpoint":"${head!.endpoint}","data":${head!.text},"links":[${links.join()}]}`
  })
  const operation: Operation = { kind: 'save', drafts, groups }
  return {
    operation,
    method: 'POST',
    path: '/api/v2.6/data-batch',
    body: `[${heads.join()}]`,
  }
}

function update(ledger: Ledger, ids: string[]): Request {
  const changes = ids.map((id) => ({ id, text: newText() }))
  const bodies = changes.map(
    ({ id, text }) =>
      `{"endpoint":"${ledger.records.get(id)!.endpoint}","recordId":"${id}","data":${text},"links":[]}`,
  )
  return {
    operation: { kind: 'update', changes },
    method: 'PUT',
    path: '/api/v2.6/data',
    body: `[${bodies.join()}]`,
  }
}

function link(ids: string[]): Request {
  return {
    operation: { kind: 'link', ids },
    method: 'POST',
    path: `/api/v2.6/data-link?records=${ids.join()}`,
  }
}

function remove(kind: 'delete' | 'erase', ids: string[], mine: string[]): Request {
  for (const id of ids) mine.splice(mine.indexOf(id), 1)
  const path =
    kind === 'erase' ? `/api/v2.6/data-erasure?records=${ids.join()}` : `/api/v2.6/data?records=${ids.join()}`
  return { operation: { kind, ids }, method: 'DELETE', path }
}

async function change(load: Load, target: Target, request: Request, mine: string[]): Promise<void> {
  const { operation, method, path, body } = request
  load.pending.add(operation)
  const response = await send(target, method, path, body)
  load.pending.delete(operation)
  load.cut.add(operation)
  const answer = await response.text()
  load.cut.delete(operation)
  assert.equal(response.status, method === 'DELETE' ? 200 : 201, `${method} ${path}: ${answer}`)
  const ids = operation.kind === 'save' ? idsOf(answer) : []
  if (operation.kind === 'save') assert.equal(ids.length, operation.drafts.length, answer)
  happened(load.ledger, operation, ids)
  mine.push(...ids)
  if (operation.kind === 'save' && ids.length > 0 && !path.includes('skipErrors'))
    load.sent.push({ operation, path, body: body! })
}

/** Sends one request; a TypeError says that the server is gone. */
export function send(target: Target, method: string, path: string, body?: string): Promise<Response> {
  const headers: Record<string, string> = { 'x-auth-token': target.token }
  if (body !== undefined) headers['content-type'] = 'application/json'
  return fetch(`${target.url}${path}`, { method, headers, ...(body !== undefined && { body }) })
}

type Answered = { recordId: string; links?: Answered[] }

/** The ids of an answer, each record before those linked with it. */
function idsOf(answer: string): string[] {
  const flat = ({ recordId, links = [] }: Answered): string[] => [recordId, ...links.flatMap(flat)]
  return [JSON.parse(answer) as Answered | Answered[]].flat().flatMap(flat)
}

async function readInOrder(target: Target): Promise<void> {
  const path = orderPaths[below(orderPaths.length)]!
  const ordering = below(2) === 0 ? 'ascending' : 'descending'
  const response = await send(
    target,
    'GET',
    `/api/v2.6/data/${anEndpoint()}?take=20&orderBy=${path}&ordering=${ordering}`,
  )
  assert.equal(response.status, 200, await response.text())
}
