// The citizen is present: openid-client pushes, sends the browser, redeems the code, refreshes, and is stopped.
import { client, config, lines, read, say, told } from './openid_client_setup.mjs'

const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const asking = {
  ...told.asking, state, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
}
try {
  await client.buildAuthorizationUrlWithPAR(config, { ...asking, authorization_details: '[{"type":"other"}]' }, { DPoP })
} catch (error) {
  say('refused', { error: error.error })
}
say('led', { to: (await client.buildAuthorizationUrlWithPAR(config, asking, { DPoP })).href })
const back = new URL((await lines.next()).value)
const token = await client.authorizationCodeGrant(
  config, back, { pkceCodeVerifier: verifier, expectedState: state }, undefined, { DPoP },
)
say('token', { type: token.token_type, details: token.authorization_details, grant: typeof token.grant_id })
say('read', await read(token.access_token, DPoP))
const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
say('stolen', await read(token.access_token, other))
const fresh = await client.refreshTokenGrant(config, token.refresh_token, undefined, { DPoP })
say('refreshed', { details: fresh.authorization_details, ...(await read(fresh.access_token, DPoP)) })
await client.tokenRevocation(config, token.access_token)
say('revoked', { ...(await read(token.access_token, DPoP)), other: (await read(fresh.access_token, DPoP)).status })
await lines.next()
say('stopped', await read(fresh.access_token, DPoP))
say('introspected', { active: (await client.tokenIntrospection(config, fresh.access_token)).active })
try {
  await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state }, undefined, { DPoP })
} catch (error) {
  say('replayed', { error: error.error })
}
process.exit(0)
