/* The few ways in which views touch the document. Text goes in as text, never as markup; what is already so is left alone, so that
 * ten states a second cost nothing and a focus is never lost. Not: what is shown (the views). Relies on: the browser's document. */

/** The element with this id; a name that the page does not have is a mistake of ours.
 * @param {string} id
 * @returns {any} */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) {
    throw new Error(`the page has no element ${id}`);
  }
  return node;
}

/** @param {string} tag @param {string} [className] @param {...(Node|string)} children */
export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) {
    node.className = className;
  }
  node.append(...children);
  return node;
}

/** @param {Element} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** @param {HTMLElement} node @param {boolean} visible */
export function setVisible(node, visible) {
  if (node.hidden === visible) {
    node.hidden = !visible;
  }
}

/** Null takes the attribute away.
 * @param {Element} node @param {string} name @param {string|null} value */
export function setAttribute(node, name, value) {
  if (value === null) {
    node.removeAttribute(name);
  } else if (node.getAttribute(name) !== value) {
    node.setAttribute(name, value);
  }
}

/** Makes the children anew only when key differs from last time.
 * @param {HTMLElement} node @param {string} key @param {() => (Node|string)[]} make */
export function setChildren(node, key, make) {
  if (node.dataset.key !== key) {
    node.dataset.key = key;
    node.replaceChildren(...make());
  }
}

/** Rows of a description list; a row with an empty value is left out.
 * @param {HTMLElement} list @param {[string, string, string?][]} rows name, value, class of the value */
export function setRows(list, rows) {
  const shown = rows.filter((row) => row[1] !== '');
  const names = shown.map((row) => row[0]).join('\n');
  setChildren(list, names, () => shown.map((row) => element('div', '', element('dt', '', row[0]), element('dd'))));
  shown.forEach((row, index) => {
    const value = list.children[index].lastElementChild;
    setText(value, row[1]);
    setAttribute(value, 'class', row[2] || null);
  });
}
