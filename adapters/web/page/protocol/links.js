/**
 * Finding links in a text. Only http and https count.
 *
 * @typedef {{text: string, href?: string}} Part
 */

const LINK = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u007f-\u00a0\u200b-\u200f\u2028-\u202f\u2060-\u2069]+/giu;
const BEHIND = ".,:;!?…。，、！？)]}"; // belongs to the sentence, not to the link

/**
 * A text in parts, some of them links.
 * @param {string} text @returns {Part[]}
 */
export function parts(text) {
  /** @type {Part[]} */
  const found = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const shown = withoutEnd(match[0]);
    const href = safe(shown);
    if (href === null) continue;
    if (match.index > done) found.push({ text: text.slice(done, match.index) });
    found.push({ text: shown, href });
    done = match.index + shown.length;
  }
  if (done < text.length) found.push({ text: text.slice(done) });
  return found;
}

/** @param {string} link */
function withoutEnd(link) {
  let end = link.length;
  while (end > 0 && BEHIND.includes(link[end - 1])) end -= 1;
  const closes = link[end] === ")" && link.includes("(");
  return link.slice(0, end + (closes ? 1 : 0));
}

/** @param {string} link @returns {string | null} */
function safe(link) {
  try {
    const url = new URL(link);
    const named = url.username || url.password; // https://bank@elsewhere looks like the bank's
    return !named && /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
