import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web application of somebody else, at an origin and a site of its own. */
export interface ThirdParty {
  origin: string
  /** Where it wants its users back. */
  callback: string
  /** The addresses its server was asked for. */
  asked: string[]
}

/**
 * Starts one. `/` has the link to sign in and shows what came back; `/back` gets a token and uses it on the account's data;
 * `/attack` sends a decision by itself; `/frame` shows a page of the account in a frame.
 * @param account the origin of the account: `http://localhost:8080`
 */
export async function startThirdParty(
  t: { after: (fn: () => unknown) => void },
  account: string,
): Promise<ThirdParty> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://here')
    asked.push(request.url ?? '')
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(
      `<!doctype html><html lang="en"><title>Notes</title><h1>Notes</h1>${pages(account, origin())[pathname] ?? ''}`,
    )
  }).listen(0, '127.0.0.1')
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: origin(), callback: `${origin()}/back?from=hatstand`, asked }
}

function pages(account: string, origin: string): Record<string, string> {
  const callback = encodeURIComponent(`${origin}/back?from=hatstand`)
  const fields = {
    application_id: 'notes',
    redirect_uri: `${origin}/back?from=hatstand`,
    decision: 'accept',
    form_key: 'guessed',
  }
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value}">`,
  )
  return {
    '/': `<a href="${account}/hatlogin?name=notes&amp;redirect=${callback}">Sign in with your account</a>`,
    '/back': `<p id="result"></p><script>
      const result = document.getElementById('result')
      const parameters = new URL(location.href).searchParams
      const token = parameters.get('token')
      const data = ${JSON.stringify(`${account}/api/v2.6/data/notes/drafts`)}
      async function use() {
        const headers = { 'x-auth-token': token, 'content-type': 'application/json' }
        const saved = await fetch(data, { method: 'POST', headers, body: JSON.stringify({ title: 'from Notes', at: Date.now() }) })
        const read = await (await fetch(data, { headers })).json()
        result.textContent = 'saved ' + saved.status + ', read ' + read[0].data.title
      }
      if (token) use().catch((error) => { result.textContent = String(error) })
      else result.textContent = 'error ' + parameters.get('error')
    </script>`,
    '/attack': `<form method="post" action="${account}/hatlogin">${hidden.join('')}<button>Win</button></form>`,
    '/frame': `<iframe title="account" src="${account}/hatlogin?name=notes&amp;redirect=${callback}"></iframe>`,
  }
}
