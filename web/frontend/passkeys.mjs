// Makes a passkey, or signs in with one. The page's form names where to ask for options and where to send the answer.

const form = document.querySelector('form[data-passkey]')

if (form) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const failed = document.getElementById('passkey-failed')
    failed.hidden = true
    run(form).catch(() => { failed.hidden = false })
  })
}

async function run (form) {
  const options = await send(form, form.dataset.options, {})
  const credential = form.dataset.passkey === 'create'
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
  const answer = credential.toJSON()
  delete answer.clientExtensionResults.prf // a secret of this device: it stays here
  const { next } = await send(form, form.dataset.answer, answer)
  window.location.assign(next)
}

async function send (form, address, body) {
  const answer = await fetch(address, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': form.elements.csrf_token.value },
    body: JSON.stringify(body)
  })
  if (!answer.ok) throw new Error('refused')
  return answer.json()
}
