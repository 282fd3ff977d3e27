// Says in good time that the sign-in is about to end, and lets the person stay (WCAG 2.2, 2.2.1). Nothing reloads by itself.

const WARNING = 3 * 60 // seconds before the end
const notice = document.getElementById('ending')

if (notice) {
  const opened = Date.now()
  let clicked = opened
  const idle = Number(notice.dataset.idle)
  const left = Number(notice.dataset.left)
  const part = (name) => document.getElementById(`ending-${name}`)
  const show = (...names) => {
    for (const name of ['idle', 'limit', 'over', 'stay']) part(name).hidden = !names.includes(name)
    notice.hidden = names.length === 0
  }

  const look = () => {
    const untilIdle = idle - (Date.now() - clicked) / 1000
    const untilLimit = left - (Date.now() - opened) / 1000
    if (Math.min(untilIdle, untilLimit) <= 0) show('over')
    else if (untilLimit <= WARNING) show('limit')
    else if (untilIdle <= WARNING) show('idle', 'stay')
    else show()
  }

  part('stay').addEventListener('submit', async (event) => {
    event.preventDefault()
    const form = event.target
    const answer = await fetch(form.action, {
      method: 'POST',
      credentials: 'same-origin',
      redirect: 'manual',
      headers: { Accept: 'application/json', 'X-CSRFToken': form.elements.csrf_token.value }
    }).catch(() => null)
    if (answer && answer.ok) { clicked = Date.now(); look() } else show('over')
  })

  setInterval(look, 5000)
  document.addEventListener('visibilitychange', look)
}
