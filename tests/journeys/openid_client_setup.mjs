// openid-client, unmodified, made ready: told what to do by its first argument (JSON), it says what it saw, a line each.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import path from 'node:path'

export const told = JSON.parse(process.argv[2])
const require = createRequire(path.join(told.modules, 'x.js'))
export const client = await import(pathToFileURL(require.resolve('openid-client')))
export const say = (what, more = {}) => console.log(JSON.stringify({ what, ...more }))
export const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

const key = await crypto.subtle.importKey('jwk', told.key, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
export const config = await client.discovery(
  new URL(told.issuer), told.client, undefined, client.PrivateKeyJwt({ key, kid: told.key.kid }),
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
)
const address = new URL(`${told.issuer}/api/v1/records`)
const headers = new Headers(told.headers)
export const read = async (token, DPoP) => {
  try {
    const answer = await client.fetchProtectedResource(config, token, address, 'GET', undefined, headers, { DPoP })
    return { status: answer.status, body: await answer.json() }
  } catch (error) {
    return { status: error.status ?? error.cause?.status ?? error.response?.status }
  }
}
