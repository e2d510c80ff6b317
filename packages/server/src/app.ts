import cors from '@fastify/cors'
import fastify, { type FastifyHttpOptions, LogController, type RawServerDefault } from 'fastify'
import { authenticate } from './auth/authenticate.ts'
import type { Config } from './config.ts'
import type { App, Context, SchemaTypes } from './context.ts'
import { ApiError } from './errors.ts'
import { afterAnswer } from './http/answers.ts'
import { answerError, answerMalformed, refusals } from './http/errors.ts'
import { loggerOptions, logRequests, requestIds } from './http/logging.ts'
import { oauthServers } from './http/oauth.ts'
import { refuseUnreadBodies } from './http/receive-body.ts'
import { closeQueries, compile } from './http/small-body.ts'
import { sumLedger } from './ledger/sums.ts'
import { accountAccessRoutes } from './pages/account/access.ts'
import { accountPageRoutes, frontPageRoutes } from './pages/account/account.ts'
import { accountApplicationRoutes } from './pages/account/applications.ts'
import { accountDataDebitRoutes } from './pages/account/data-debits.ts'
import { emailPages } from './pages/account/email.ts'
import { passwordPages } from './pages/account/passwords.ts'
import { secondFactorRoutes } from './pages/account/second-factors.ts'
import { hatLoginRoutes } from './pages/hatlogin.ts'
import { oauthPages } from './pages/oauth.ts'
import { setupRoutes } from './pages/setup.ts'
import { signInRoutes } from './pages/sign-in.ts'
import {
  accessTokenRoutes,
  hatLoginTokenRoutes,
  issuedTokenRoutes,
  signOutRoutes,
} from './routes/access-tokens.ts'
import { applicationRoutes } from './routes/applications.ts'
import { dataDebitRoutes } from './routes/data-debits/data-debits.ts'
import { openapiRoutes } from './routes/docs/docs.ts'
import { endpointRoutes } from './routes/endpoints.ts'
import { healthRoutes, metricsRoutes } from './routes/health.ts'
import { publicKeyRoutes } from './routes/keys.ts'
import { ledgerRoutes } from './routes/ledger.ts'
import { oauthRoutes } from './routes/oauth.ts'
import { passwordRoutes } from './routes/passwords.ts'
import { queryRoutes } from './routes/queries.ts'
import { receiptKeyRoutes, receiptRoutes } from './routes/receipts.ts'
import { erasureRoutes, linkRoutes, recordRoutes } from './routes/records/records.ts'
import { bundleRoutes, combinatorRoutes } from './routes/saved-queries.ts'
import { userRoutes } from './routes/users.ts'

/** The table of contents: every part put together by hand, in the order a request meets them. Used by main and by tests. */
export async function createApp(context: Context): Promise<App> {
  const app = bareApp(context)
  sumLedger(app, context)
  refusals(app, context)
  refuseUnreadBodies(app)
  refuseWhileClosing(app)
  logRequests(app, context.config)
  await app.register(cors, corsOptions(context))
  takeJsonAsStream(app)
  closeQueries(app)
  authenticate(app, context)

  metricsRoutes(app, context)
  healthRoutes(app, context)
  openapiRoutes(app)
  accessTokenRoutes(app, context)
  signOutRoutes(app, context)
  userRoutes(app, context)
  publicKeyRoutes(app, context)
  receiptKeyRoutes(app, context)
  const later = afterAnswer(app)
  passwordRoutes(app, context, later)
  setupRoutes(app, context)
  const oauth = oauthServers(app, context)
  oauthRoutes(app, context, oauth)
  oauthPages(app, context, oauth)
  signInRoutes(app, context)
  hatLoginRoutes(app, context)
  hatLoginTokenRoutes(app, context)
  frontPageRoutes(app, context)
  accountPageRoutes(app, context)
  passwordPages(app, context, later)
  emailPages(app, context, later)
  secondFactorRoutes(app, context)
  accountAccessRoutes(app, context)
  accountApplicationRoutes(app, context)
  accountDataDebitRoutes(app, context)

  for (const prefix of ['/api/v2.6', '/api/v2', '/api/v2.0'])
    await app.register(async (api) => dataRoutes(api as App, context), { prefix })
  return app
}

/** The routes of the API proper, once below each of its prefixes. */
function dataRoutes(api: App, context: Context): void {
  endpointRoutes(api, context)
  recordRoutes(api, context)
  linkRoutes(api, context)
  erasureRoutes(api, context)
  queryRoutes(api, context)
  combinatorRoutes(api, context)
  bundleRoutes(api, context)
  applicationRoutes(api, context)
  dataDebitRoutes(api, context)
  receiptRoutes(api, context)
  issuedTokenRoutes(api, context)
  ledgerRoutes(api, context)
}

/** A connection on which no byte moved for this long is cut: it would hold its memory, or its file, for ever. */
const stalledMilliseconds = 600_000

function bareApp({ config }: Context): App {
  const options: FastifyHttpOptions<RawServerDefault> = {
    logger: loggerOptions(config),
    genReqId: requestIds(),
    logController: new LogController({ disableRequestLogging: true }),
    // A logger for each request takes longer than the request's statements; what is logged names the request itself.
    childLoggerFactory: (logger) => logger,
    trustProxy: trusted(config.trustProxy),
    bodyLimit: config.maxBodyBytes,
    connectionTimeout: stalledMilliseconds,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4096 },
    clientErrorHandler: answerMalformed,
    // A URL that cannot be read meets no hook, not even CORS; a refusal of it tells other origins nothing.
    frameworkErrors: (error, request, reply) => {
      void answerError(error, request, reply.header('access-control-allow-origin', '*'))
    },
    // Answers are text already: their schemas only document.
    schemaController: {
      compilersFactory: {
        buildSerializer: () => () => (data: unknown) => JSON.stringify(data),
      },
    },
  }
  return fastify(options).withTypeProvider<SchemaTypes>().setValidatorCompiler(compile)
}

/** Fastify takes a count for nothing; here it means: that many proxies, counted from this server outwards. */
function trusted(proxies: Config['trustProxy']) {
  return typeof proxies === 'number' ? (_address: string, hop: number) => hop < proxies : proxies
}

function corsOptions({ config }: Context) {
  return {
    origin: config.corsOrigins,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'QUERY'],
    exposedHeaders: [
      'X-Auth-Token',
      'Link',
      'X-Skipped',
      'X-Total-Count',
      'Accept-Query',
      'Retry-After',
      'WWW-Authenticate',
    ],
    maxAge: 7200,
    strictPreflight: false,
  }
}

/** JSON bodies reach their route unread, after the caller's rights were checked; every other content type is refused. */
function takeJsonAsStream(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (_request, body, done) => done(null, body))
}

/** How often a closing server ends connections on which nothing happens any more, in milliseconds. */
const idleEnded = 50

/** What arrives on an open connection after the server began to close. One whose last request was answered is not waited for. */
function refuseWhileClosing(app: App): void {
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
    const ending = setInterval(() => app.server.closeIdleConnections(), idleEnded)
    app.server.once('close', () => clearInterval(ending))
  })
  app.addHook('onRequest', async () => {
    if (closing) throw new ApiError('shutting_down', 'The server is shutting down')
  })
}
