import type { Acceptance } from '@hatstand/api/data-debit-request.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { counted, met, sample } from '../../actions/data-debit-values.ts'
import * as actions from '../../actions/data-debits.ts'
import type { Session } from '../../auth/sessions.ts'
import type { App, Context } from '../../context.ts'
import { userIn } from '../../domain/access/rights.ts'
import { disclosureBy } from '../../domain/consent/acceptance.ts'
import { activePermission, type DataDebit, openPermission } from '../../domain/consent/data-debit.ts'
import { ApiError } from '../../errors.ts'
import { plainPage, sendPage } from '../../http/page.ts'
import { ownersQueryContext } from '../../ledger/reading.ts'
import { findApplication } from '../../store/access/applications.ts'
import { findUser } from '../../store/access/users.ts'
import { findDebit, listDebits, markSeen } from '../../store/consent/data-debits.ts'
import { formOf, hiddenFields, pages, sendOn } from '../forms.ts'
import { ownersPage } from '../sign-in.ts'
import { nameIn } from './applications.ts'
import {
  choicesIn,
  disclosuresIn,
  narrowingOf,
  listPage,
  listPath,
  onePage,
  onePath,
} from './data-debit-views.ts'

/** Records of each property that a page shows. */
const someRecords = 3

/** `/account/data-debits`: what is asked for, what would leave, and the owner's decision. */
export function accountDataDebitRoutes(app: App, context: Context): void {
  pages(app, context, (scope) => {
    const forOwner = ownersPage(context)
    scope.get(
      listPath,
      forOwner(async (_, reply, session) => showAll(context, reply, session)),
    )
    scope.get(
      onePath,
      forOwner(async (request, reply, session) => {
        const { id, done } = request.query as Record<string, unknown>
        return showOne(context, request, reply, session, { id: String(id), done: doneWords[String(done)] })
      }),
    )
    scope.post(
      onePath,
      forOwner(async (request, reply, session) => decide(context, request, reply, session)),
    )
  })
}

async function showAll({ database, now }: Context, reply: FastifyReply, { account }: Session) {
  const debits = await database.of(account.pda).read((unit) => listDebits(unit))
  const listed = debits.map((debit) => {
    const open = openPermission(debit)
    const permission = activePermission(debit, now()) ?? open
    return { debit, permission, isOpen: open.acceptedAt === undefined && open.rejectedAt === undefined }
  })
  return sendPage(reply, 200, listPage(listed, now()))
}

interface Showing {
  id: string
  status?: number
  problem?: string
  done?: string | undefined
  /** What the form's ticks came to, and that there was a form. */
  chosen?: { narrowing: object | undefined; ticked: ReadonlySet<string>; once: boolean }
}

async function showOne(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  { account: { pda } }: Session,
  { id, status = 200, problem, done, chosen }: Showing,
): Promise<FastifyReply> {
  const { database, now } = context
  const debit = await database.of(pda).read((unit) => findDebit(unit, id.replaceAll('\0', '')))
  if (debit === undefined || debit.deletedAt !== undefined)
    return sendPage(reply, 404, plainPage('Nothing here', 'There is no such data debit.'))
  const open = openPermission(debit)
  await database.of(pda).write((unit) => markSeen(unit, debit.id, open.number))
  const queries = ownersQueryContext(context, pda)
  const whole = await sample(queries, debit, open, disclosureBy(open).bundle, someRecords)
  const narrowing = chosen?.narrowing && JSON.stringify(chosen.narrowing)
  const less = narrowing === undefined ? open : { ...open, narrowing }
  const { bundle, conditions } = actions.orMalformed(() => disclosureBy(less))
  const records = narrowing === undefined ? whole : await sample(queries, debit, less, bundle, someRecords)
  const choices =
    open.narrowing === undefined ? choicesIn(disclosureBy(open).bundle, disclosuresIn(whole)) : undefined
  const all = choices?.flatMap(({ endpoint, fields }) => fields.map((field) => `${endpoint} ${field}`)) ?? []
  const states = conditions && (await met(queries, conditions))
  const html = onePage({
    debit,
    open,
    active: activePermission(debit, now()),
    requester: await requesterOf(context, pda, debit),
    records: disclosuresIn(records),
    counts: await counted(queries, bundle),
    choices,
    ticked: chosen?.ticked ?? new Set(all),
    once: chosen?.once ?? false,
    conditions: Array.from(conditions ?? [], ([name, query]) => ({
      name,
      query,
      isMet: states?.get(name) === true,
    })),
    problem,
    done,
    hidden: hiddenFields(context, request, reply, { id: debit.id, permission: String(open.number) }),
    now: now(),
  })
  return sendPage(reply, status, html)
}

/** Who it was that asked, whatever it calls itself. */
function requesterOf({ database }: Context, pda: number, { holder }: DataDebit): Promise<string> {
  return database.of(pda).read(async (unit) => {
    const userId = userIn(holder)
    if (userId !== undefined) return `the user ${(await findUser(unit, userId))?.name ?? userId}`
    const application = await findApplication(unit, holder)
    return application ? `the application ${nameIn(application)} (${holder})` : 'you'
  })
}

const doneWords: Record<string, string> = {
  accepted: 'Accepted.',
  declined: 'Declined. Nothing leaves.',
  ended: 'Ended. Nothing leaves any more.',
  ending: 'It ends with its period.',
}

async function decide(context: Context, request: FastifyRequest, reply: FastifyReply, session: Session) {
  const form = formOf(request)
  const id = (form.get('id') ?? '').replaceAll('\0', '')
  const ticked = new Set(form.getAll('field'))
  const narrowing = narrowingOf(form.getAll('shown'), ticked)
  const once = form.get('once') === 'yes'
  const does = form.get('do') ?? ''
  try {
    if (does === 'preview')
      return await showOne(context, request, reply, session, { id, chosen: { narrowing, ticked, once } })
    const acceptance = {
      permission: Number(form.get('permission')),
      ...(narrowing && { narrowing }),
      ...(once && { once }),
    }
    const done = await act(context, request, session, { id, does, acceptance })
    return sendOn(reply, `${onePath}?id=${encodeURIComponent(id)}&done=${done}`)
  } catch (error) {
    if (!(error instanceof ApiError) || !(error.code in problems)) throw error
    const problem = problems[error.code] ?? error.message.replace(/^Data Debit request malformed: /, '')
    return showOne(context, request, reply, session, { id, problem, status: 409 })
  }
}

const problems: Record<string, string | undefined> = {
  data_debit_changed: 'They ask for something else by now. Nothing was accepted: look at it again.',
  data_debit_malformed: undefined,
}

interface Act {
  id: string
  does: string
  /** `permission`: the one the page has shown. */
  acceptance: Acceptance & { permission: number }
}

/** Does what a form says. @returns what was done, as the page's `done` */
async function act(
  context: Context,
  { ip }: FastifyRequest,
  { account, subject, tokenId }: Session,
  { id, does, acceptance }: Act,
): Promise<string> {
  const by = { account, caller: { kind: 'owner', subject, tokenId }, ip, onPage: true } as const
  if (does === 'accept') {
    await actions.accept(context, by, { id, acceptance, text: JSON.stringify(acceptance) })
    return 'accepted'
  }
  if (does === 'decline') {
    await actions.reject(context, by, { id, permission: acceptance.permission })
    return 'declined'
  }
  const atPeriodEnd = does === 'endLater'
  await actions.disable(context, by, { id, atPeriodEnd })
  return atPeriodEnd ? 'ending' : 'ended'
}
