import type { Browser } from 'playwright-core'
import type { Outcome } from './outcome.js'

/** Longest wait for the next outcome: shaders of software drivers compile slowly. */
const patience = 30_000

/** Runs one section in a page of its own and passes its outcomes on as they come; false where the page fell silent. */
export async function runSection(
  browser: Browser,
  address: string,
  section: string,
  take: (outcome: Outcome) => void,
): Promise<boolean> {
  const context = await browser.newContext()
  const tab = await context.newPage()
  let heard = performance.now()
  let last = 'the first'
  tab.on('console', (message) => {
    if (message.type() !== 'info' || !message.text().startsWith('{')) return
    const outcome = JSON.parse(message.text()) as Outcome
    heard = performance.now()
    last = `that after “${outcome.name}”`
    take(outcome)
  })
  tab.on('pageerror', (error) => take({ name: 'page', result: 'failed', detail: error.message }))
  let ended = false
  const run = async () => {
    await tab.goto(address)
    await tab.waitForFunction(() => 'sections' in globalThis)
    await tab.evaluate(
      (name) =>
        (globalThis as unknown as { sections: Record<string, () => Promise<void>> }).sections[name]!(),
      section,
    )
  }
  const done = run()
    .catch((error) => take({ name: section, result: 'failed', detail: String(error) }))
    .finally(() => {
      ended = true
    })
  const silence = async () => {
    while (!ended && performance.now() - heard < patience)
      await new Promise((resolve) => setTimeout(resolve, 200))
  }
  await Promise.race([done, silence()])
  if (ended) await context.close()
  else
    take({
      name: section,
      result: 'failed',
      detail: `no outcome in ${patience / 1000} s, waiting for ${last}`,
    })
  return ended
}
