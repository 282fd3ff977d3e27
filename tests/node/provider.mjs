// A real OpenID provider (npm oidc-provider), as residents' providers and a council's directory are. It reads its
// settings as JSON from standard input and prints "ready" when it answers. People sign in by typing their name: who they
// are, how sure that is and which groups they are in stands in the settings.

import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const settings = JSON.parse(await new Response(process.stdin).text())
const people = settings.people
const claimed = ['birthdate', 'nhs_number', 'groups', 'vot']

const provider = new Provider(settings.issuer, {
  clients: settings.clients,
  jwks: settings.jwks,
  claims: { openid: ['sub', ...claimed] },
  conformIdTokenClaims: false,
  clientAuthMethods: ['private_key_jwt'],
  acrValues: ['P0', 'P2'],
  features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true }, userinfo: { enabled: true } },
  pkce: { required: () => true },
  cookies: { keys: ['of-this-run'] },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, ...Object.fromEntries(claimed.filter(name => name in people[id]).map(name => [name, people[id][name]])) })
  }),
  loadExistingGrant: async (context) => {
    const grant = new provider.Grant({ clientId: context.oidc.client.clientId, accountId: context.oidc.session.accountId })
    grant.addOIDCScope('openid')
    await grant.save()
    return grant
  }
})

const page = '<!doctype html><html lang="en"><title>Sign in elsewhere</title><form method="post">' +
  '<label for="name">Name</label><input id="name" name="name"><button>Sign in there</button></form></html>'

async function interact (request, response) {
  if (request.method === 'GET') return response.end(page)
  const form = new URLSearchParams(await new Response(request).text())
  const name = form.get('name')
  const result = name in people
    ? { login: { accountId: name, acr: people[name].acr } }
    : { error: 'access_denied', error_description: 'nobody of that name' }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
}

const handle = provider.callback()
createServer((request, response) => {
  if (request.url.startsWith('/interaction/')) {
    response.setHeader('Content-Type', 'text/html')
    interact(request, response).catch(error => { response.statusCode = 500; response.end(String(error)) })
  } else handle(request, response)
}).listen(Number(new URL(settings.issuer).port), '127.0.0.1', () => console.log('ready'))
