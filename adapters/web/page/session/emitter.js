/** Tells listeners of events. */
export class Emitter {
  /** @type {Map<string, Set<(what: any) => void>>} */
  _heard = new Map();

  /**
   * @param {string} event @param {(what: any) => void} tell
   * @returns {() => void} what ends it
   */
  on(event, tell) {
    const all = this._heard.get(event) ?? new Set();
    this._heard.set(event, all.add(tell));
    return () => all.delete(tell);
  }

  /** @param {string} event @param {any} [what] */
  emit(event, what) {
    for (const tell of this._heard.get(event) ?? []) tell(what);
  }
}
