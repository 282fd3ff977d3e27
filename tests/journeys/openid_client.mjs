// openid-client, unmodified, through the service protocol. Told what to do by its first argument (JSON); says what it saw, a line each.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import path from 'node:path'

const told = JSON.parse(process.argv[2])
const require = createRequire(path.join(told.modules, 'x.js'))
const client = await import(pathToFileURL(require.resolve('openid-client')))
const say = (what, more = {}) => console.log(JSON.stringify({ what, ...more }))
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

const key = await crypto.subtle.importKey('jwk', told.key, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const config = await client.discovery(
  new URL(told.issuer), told.client, undefined, client.PrivateKeyJwt({ key, kid: told.key.kid }),
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
)
const address = new URL(`${told.issuer}/api/v1/records`)
const headers = new Headers(told.headers)
const read = async (token, DPoP) => {
  try {
    const answer = await client.fetchProtectedResource(config, token, address, 'GET', undefined, headers, { DPoP })
    return { status: answer.status, body: await answer.json() }
  } catch (error) {
    return { status: error.status ?? error.cause?.status ?? error.response?.status }
  }
}

try {
  await client.initiateBackchannelAuthentication(config, { ...told.asking, authorization_details: '[{"type":"other"}]' })
} catch (error) {
  say('refused', { error: error.error })
}
const asked = await client.initiateBackchannelAuthentication(config, told.asking)
say('asked', { expires_in: asked.expires_in })
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
const token = await client.pollBackchannelAuthenticationGrant(config, asked, undefined, { DPoP })
say('token', { type: token.token_type, details: token.authorization_details, grant: typeof token.grant_id })
say('read', await read(token.access_token, DPoP))
const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
say('stolen', await read(token.access_token, other))
await lines.next()
say('stopped', await read(token.access_token, DPoP))
say('introspected', { active: (await client.tokenIntrospection(config, token.access_token)).active })
await client.tokenRevocation(config, token.access_token)
say('done')
process.exit(0)
