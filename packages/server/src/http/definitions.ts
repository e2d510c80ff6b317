import { Application } from '@hatstand/api/application-definition.ts'
import type { FastifyRequest } from 'fastify'
import { definitionProblem } from '../domain/access/definition.ts'
import { ApiError } from '../errors.ts'
import { memberPath, parseSmall, readSmallText, type Small, type Validate } from './small-body.ts'

/** How many bytes a definition may have: the texts and examples of a long one are a tenth of that. */
export const maxDefinitionBytes = 262_144

/** A definition that was sent: checked, and its exact text. @throws as `readSmall` */
export async function readDefinition(request: FastifyRequest): Promise<Small<Application>> {
  return checked(await readSmallText<Application>(request, Application, maxDefinitionBytes))
}

/** A definition as it stands in a file: checked, and its exact text. @throws as `readSmall` */
export function parseDefinition(text: string, validate: Validate): Small<Application> {
  return checked(parseSmall<Application>(text, validate))
}

function checked(small: Small<Application>): Small<Application> {
  const problem = definitionProblem(small.value)
  if (problem !== undefined)
    throw new ApiError('invalid_body', `${memberPath(problem.path)} must be ${problem.mustBe}`)
  return small
}
