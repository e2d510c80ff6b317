import { readDocs, readOpenApi } from '@hatstand/api/health.ts'
import type { App } from '../../context.ts'

/** `GET /openapi.json` and `GET /docs`: made when first asked for, then kept. */
export function openapiRoutes(app: App): void {
  const config = { public: true } as const
  let json: Promise<string> | undefined
  let page: Promise<{ html: string; policy: string }> | undefined

  app.get(readOpenApi.path, { schema: readOpenApi, config }, async (_request, reply) => {
    const text = await (json ??= makeJson())
    return reply.type('application/json').send(text)
  })
  app.get(readDocs.path, { schema: readDocs, config }, async (_request, reply) => {
    const { html, policy } = await (page ??= makePage())
    reply.header('content-security-policy', policy).header('x-content-type-options', 'nosniff')
    return reply.type('text/html; charset=utf-8').send(html)
  })
}

async function makeJson(): Promise<string> {
  const { openApiDocument } = await import('./openapi.ts')
  return JSON.stringify(openApiDocument())
}

async function makePage(): Promise<{ html: string; policy: string }> {
  const { docsPage, docsPolicy } = await import('./page.ts')
  return { html: docsPage(), policy: docsPolicy }
}
