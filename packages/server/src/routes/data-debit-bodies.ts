import {
  type Acceptance,
  AcceptanceForm,
  ContractRequestForm,
  DataDebitRequestForm,
  PreviewForm,
  type PreviewRequest,
} from '@hatstand/api/data-debit-request.ts'
import type { TSchema } from '@hatstand/api/type.ts'
import type { FastifyRequest } from 'fastify'
import { isContract, type Proposal, readProposal } from '../domain/consent/proposal.ts'
import { QueryError } from '../domain/queries/text.ts'
import { ApiError } from '../errors.ts'
import { receiveText } from '../http/receive-body.ts'
import { parseSmall, type Small, type Validate } from '../http/small-body.ts'

/** How many bytes a proposal may have: its bundles, mostly. */
const mostBytes = 1_048_576

/** What is proposed, in either form. @throws ApiError `invalid_body`, `data_debit_malformed`; as `readSmall` */
export async function readProposed(request: FastifyRequest): Promise<Proposal> {
  const text = await receiveText(request, mostBytes)
  const forms = [DataDebitRequestForm, ContractRequestForm].map((schema) => compiled(request, schema))
  const validate: Validate = (value) => {
    const form = forms[isContract(value) ? 1 : 0]!
    const fits = form(value)
    validate.errors = form.errors ?? null
    return fits
  }
  const small = parseSmall<Parameters<typeof readProposal>[0]>(text, validate)
  return orMalformed(() => readProposal(small.value, small.text))
}

const compiled = (request: FastifyRequest, schema: TSchema) =>
  request.compileValidationSchema(schema) as Validate

/** What is accepted; nothing said where there is no body. @throws as `readSmall` */
export const readAccepted = (request: FastifyRequest) => readOptional<Acceptance>(request, AcceptanceForm)

/** What is to be previewed; nothing said where there is no body. @throws as `readSmall` */
export const readPreview = (request: FastifyRequest) => readOptional<PreviewRequest>(request, PreviewForm)

async function readOptional<T extends object>(request: FastifyRequest, schema: TSchema): Promise<Small<T>> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (Number(length ?? 0) === 0 && encoding === undefined) return { value: {} as T, text: '{}' }
  return parseSmall<T>(await receiveText(request, mostBytes), compiled(request, schema))
}

/** Answers what is wrong with a request, bundle or narrowing with its path. @throws `data_debit_malformed` */
export function orMalformed<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof QueryError) throw malformed(error.message)
    throw error
  }
}

/** The refusal of what is proposed or accepted; its beginning is what clients of the API know. */
export const malformed = (cause: string) =>
  new ApiError('data_debit_malformed', `Data Debit request malformed: ${cause}`)
