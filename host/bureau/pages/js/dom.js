/* Making elements. Text goes in as text, never as markup, so whatever a device or a file brought stays text. Not: what is
 * shown (views), parts that several views share (parts.js). Relies on: the browser's document. */

/** An element. Properties: functions are listeners ("onclick"), true is an empty attribute, null, undefined and false are left out.
 * Children: nodes and texts, arrays of them; null, undefined and false are left out.
 * @param {string} tag
 * @param {Record<string, any>|null} [properties]
 * @param {...any} children */
export function h(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === 'function') {
      node.addEventListener(name.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
  add(node, children);
  return node;
}

/** @param {Node} node @param {any} child */
export function add(node, child) {
  if (Array.isArray(child)) {
    child.forEach((one) => add(node, one));
  } else if (child !== null && child !== undefined && child !== false) {
    node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** The element with this id; a name that the page does not have is a mistake of ours. @param {string} id @returns {any} */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) {
    throw new Error(`the page has no element ${id}`);
  }
  return node;
}

/** @param {Element} node @param {...any} children */
export function fill(node, ...children) {
  node.replaceChildren();
  add(node, children);
}
