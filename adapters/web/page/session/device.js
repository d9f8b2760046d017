/** What a session has to know of the browser that it is in. */

/** Where the page comes from is where the chat is. @param {string} page its address */
export function addressOf(page) {
  const url = new URL("chat", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

export const connect = () => new WebSocket(addressOf(location.href));

/**
 * What a user may call a device in a list of devices.
 * @param {string} userAgent @param {Uint8Array} random what tells it from others of its kind
 */
export function deviceName(userAgent, random) {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(userAgent)?.[1] ?? "Browser";
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(userAgent)?.[1] ?? "";
  const number = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${browser} ${system} ${number}`.replace(/\s+/g, " ");
}
