import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { Application } from '@hatstand/api/application-definition.ts'
import { JsonError } from '@hatstand/api/json.ts'
import { ApiError } from '../errors.ts'
import { maxDefinitionBytes, parseDefinition } from '../http/definitions.ts'
import { compile, type Small } from '../http/small-body.ts'

/**
 * A definition in a file, checked as the route that registers one checks it, with its exact text.
 * @throws Error a sentence that names the file, and the member or the position
 */
export async function readDefinitionFile(file: string): Promise<Small<Application>> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The file ${file} cannot be read${error.code === 'ENOENT' ? ': it is not there' : ''}.`)
  })
  if (bytes.length > maxDefinitionBytes)
    throw new Error(`The file ${file} is larger than ${maxDefinitionBytes} bytes.`)
  if (!isUtf8(bytes)) throw new Error(`The file ${file} is not UTF-8.`)
  try {
    // Editors write a byte-order mark that people do not see.
    return parseDefinition(bytes.toString('utf8').replace(/^\ufeff/, ''), compile({ schema: Application }))
  } catch (error) {
    if (error instanceof JsonError)
      throw new Error(`The file ${file} is not JSON: ${error.message}.`, { cause: error })
    if (error instanceof ApiError)
      throw new Error(`The file ${file} is no definition: ${lowerFirst(error.message)}.`, { cause: error })
    throw error
  }
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)
