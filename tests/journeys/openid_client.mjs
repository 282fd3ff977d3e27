// The citizen is absent: openid-client asks by CIBA, polls, reads, and is stopped.
import { client, config, lines, read, say, told } from './openid_client_setup.mjs'

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
