// Elements, and text as it may be shown. Nothing here ever takes HTML: what comes from rows is text.

// What would turn, hide or break the text around it is shown as its code.
// eslint-disable-next-line no-control-regex
const obeyed = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;

export function plain(value) {
  if (value === null || value === undefined) return '(none)';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (text === '') return '(empty)';
  return text.replace(obeyed, (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, '0')}`);
}

// h('td', {class: 'n', onclick: f}, 'text', element, ...)
export function h(name, props, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'style') for (const [name, to] of Object.entries(value)) element.style.setProperty(name, to);
    else if (key in element && typeof value !== 'string') element[key] = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  fill(element, ...children);
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A value of a row, kept apart from the direction of the text around it.
export function value(of, props) {
  const text = plain(of);
  return h('bdi', { title: text.length > 24 ? text : null, ...props }, text);
}

export function svg(name, props, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(props)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// What a member is called, for people: view_to_purchase_rate, views_1h.
export function label(member) {
  return plain(member).replace(/_1h$/, '').replace(/_/g, ' ');
}
