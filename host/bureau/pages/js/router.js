/* Which view an address means: "#/history?code=..." is view "history" with its query, "#/entry/ctl-1/5" view "entry" with two
 * parts. Addresses can be shared, kept and gone back to. Not: what views show. */
import { address } from '/js/api.js';

/** @typedef {{name: string, parts: string[], query: URLSearchParams}} Place */

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string} [hash] @returns {Place} */
export function placeOf(hash = window.location.hash) {
  const [way, query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [name, ...parts] = way.split('/').map(decoded);
  return { name: name === '' ? 'overview' : name, parts, query: new URLSearchParams(query) };
}

/** The address of a view. @param {(string|number)[]} parts @param {Record<string, any>} [query] */
export function to(parts, query = {}) {
  return address(`#/${parts.map((part) => encodeURIComponent(String(part))).join('/')}`, query);
}

/** @param {string} hash */
export function go(hash) {
  if (window.location.hash === hash) {
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    window.location.hash = hash;
  }
}

/** A query as an object, of the names that are wanted. @param {URLSearchParams} query @param {string[]} names */
export function pick(query, names) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const name of names) {
    const value = query.get(name);
    if (value !== null && value !== '') {
      found[name] = value;
    }
  }
  return found;
}
