import type { Operation } from '@hatstand/api/operation.ts'
import { parametersOf, pathOf } from './docs/openapi.ts'

/** A command that tries the operation; `$URL` and `$TOKEN` stand for the server and the access token. */
export function curlOf(operation: Operation): string {
  const { method, requestBody, requestHeaders = {} } = operation
  const options = [
    method === 'GET' ? '' : `-X ${method}`,
    operation.public ? '' : '-H "X-Auth-Token: $TOKEN"',
    ...Object.keys(requestHeaders).map((name) => `-H '${name}: ...'`),
    requestBody ? "-H 'Content-Type: application/json'" : '',
    requestBody ? `-d ${quoted(JSON.stringify(requestBody.example))}` : '',
  ]
  return ['curl', `"$URL${exampleUrl(operation)}"`, ...options.filter(Boolean)]
    .join(' \\\n  ')
    .replace(' \\\n  ', ' ')
}

/** The operation's URL with the example of each parameter that has one; of optional ones, only the first. */
function exampleUrl(operation: Operation): string {
  const given = parametersOf(operation).flatMap(({ name, in: place, schema }) => {
    const [example] = schema.examples ?? []
    return example === undefined ? [] : [{ name, place, example: `${example}` }]
  })
  const path = given
    .filter(({ place }) => place === 'path')
    .reduce((url, { name, example }) => url.replace(`{${name}}`, example), pathOf(operation))
  const [query] = given.filter(({ place }) => place === 'query')
  return query ? `${path}?${query.name}=${query.example}` : path
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
