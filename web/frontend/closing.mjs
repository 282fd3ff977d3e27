// Takes what was opened in an emergency off the page when its time is over. The server opens nothing after that in any case.

const open = document.querySelector('[data-vault-closes]')

if (open) {
  const ends = Date.now() + Number(open.dataset.vaultCloses) * 1000
  const look = () => {
    if (Date.now() < ends) return
    for (const part of open.querySelectorAll('[data-vault-gone]')) part.remove()
    for (const part of open.querySelectorAll('[data-vault-over]')) part.hidden = false
  }
  setInterval(look, 1000)
  document.addEventListener('visibilitychange', look)
}
