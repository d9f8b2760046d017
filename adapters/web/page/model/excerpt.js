/**
 * Which of a conversation's loaded messages are shown: a few hundred at most. Pure.
 *
 * @import {Chat} from "./chats.js"
 */

export const SHOWN = 240; // messages at a time
export const STEP = 60; // more of them, as one scrolls

export class Excerpt {
  constructor() {
    this._from = 0; // the position of the first that is shown
    this._upto = Infinity; // of the last; Infinity: whatever comes
  }

  /** Whether new messages are shown. */
  get isAtEnd() {
    return this._upto === Infinity;
  }

  /** Go to the last loaded messages. @param {Chat} chat */
  toEnd({ messages, atEnd }) {
    this._upto = atEnd ? Infinity : (messages.at(-1)?.at ?? 0);
    this._from = (messages.at(-SHOWN) ?? messages[0])?.at ?? 0;
  }

  /**
   * Go to the first message above a position, with some before it.
   * @param {Chat} chat
   * @param {number} above
   */
  toNews(chat, above) {
    const place = chat.messages.findIndex((one) => one.at > above);
    const last = chat.messages.length - SHOWN; // where one begins to see all up to the end
    if (place < 0 || place - STEP >= last) this.toEnd(chat);
    else this._show(chat, Math.max(0, place - STEP));
  }

  /** Return whether there was more here. @param {Chat} chat */
  back(chat) {
    const place = chat.messages.findIndex((one) => one.at >= this._from);
    if (place > 0) this._show(chat, Math.max(0, place - STEP));
    return place > 0;
  }

  /** Return whether there was more here. @param {Chat} chat */
  forth(chat) {
    const end = chat.messages.length - 1;
    const last = chat.messages.findLastIndex((one) => one.at <= this._upto);
    if (last < end) this._show(chat, Math.max(0, Math.min(last + STEP, end) - SHOWN + 1));
    return last < end;
  }

  /** What is shown. @param {Chat} chat */
  of({ messages }) {
    return messages.filter((one) => one.at >= this._from && one.at <= this._upto);
  }

  /** The last before what is shown. @param {Chat} chat */
  above({ messages }) {
    return messages.findLast((one) => one.at < this._from);
  }

  /** Whether the conversation begins with what is shown. @param {Chat} chat */
  hasStart({ messages, loaded, atStart }) {
    return loaded && atStart && (!messages.length || messages[0].at >= this._from);
  }

  /** @param {Chat} chat @param {number} first */
  _show({ messages, atEnd }, first) {
    const last = first + SHOWN - 1;
    this._from = messages[first].at;
    if (last < messages.length - 1) this._upto = messages[last].at;
    else this._upto = atEnd ? Infinity : messages[messages.length - 1].at;
  }
}
