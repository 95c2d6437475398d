/** A number for people: so many significant digits, thin spaces between thousands, a true minus sign. */
export function readable(value: number, digits = 4): string {
  if (value === 0) return '0'
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  const text = size >= 1e-3 && size < 1e15 ? rounded(size, digits) : scientific(size, digits)
  const [whole, fraction] = text.split('.') as [string, string?]
  const grouped = text.includes('·')
    ? text
    : whole.replace(/\B(?=(\d{3})+$)/g, '\u202f') + (fraction === undefined ? '' : `.${fraction}`)
  return value < 0 ? `−${grouped}` : grouped
}

/** The same in plain ASCII-friendly form for a terminal. */
export function plain(value: number, digits = 6): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value)
  const rounded = Number(value.toPrecision(digits))
  // beyond 10⁹ zeros would only pad the digits that count
  return Math.abs(rounded) >= 1e9 && Number.isFinite(rounded) ? shortest(rounded) : String(rounded)
}

/** 4.5e+17 instead of 450000000000000000. */
const shortest = (value: number) => value.toExponential().replace('e+', 'e')

/** The largest number of so many digits that is not above a positive value: a proved level must not be rounded up. */
export function roundedDown(value: number, digits = 6): number {
  const nearest = Number(value.toPrecision(digits))
  if (!(nearest > value)) return nearest
  const unit = 10 ** (Math.floor(Math.log10(value)) - digits + 1)
  return Number((nearest - unit).toPrecision(digits))
}

/** The least number of so many digits that is not below a positive value. */
export function roundedUp(value: number, digits = 6): number {
  const nearest = Number(value.toPrecision(digits))
  if (!(nearest < value)) return nearest
  const unit = 10 ** (Math.floor(Math.log10(value)) - digits + 1)
  return Number((nearest + unit).toPrecision(digits))
}

/** A duration in the unit that suits it. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1) return '< 1 ms'
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  return `${(milliseconds / 1000).toPrecision(3)} s`
}

/** Text made safe inside HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Rounded to so many digits, but never in its whole part, without trailing zeros. */
function rounded(size: number, digits: number): string {
  return String(Number(size.toPrecision(Math.max(digits, Math.floor(Math.log10(size)) + 1))))
}

function scientific(size: number, digits: number): string {
  const [mantissa, exponent] = size.toExponential(Math.max(digits - 2, 1)).split('e') as [string, string]
  const raised = Array.from(String(Number(exponent)), (c) =>
    c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)],
  ).join('')
  return `${mantissa}·10${raised}`
}
