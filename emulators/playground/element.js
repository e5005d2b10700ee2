/**
 * Builds one element. Children that are text become text nodes: what people typed is never read as HTML.
 * An attribute that is a function listens to the event of its name, `true` sets it empty, `undefined` and `false` leave it out.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Initials on a colour that is always the same for one name. */
export function avatar(author) {
  const initials = author.name
    .split(/[\s_-]+/)
    .slice(0, 2)
    .map((word) => word.slice(0, 1).toUpperCase())
    .join('');
  let sum = 0;
  for (const letter of author.name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  const hue = author.bot ? 'bot' : String(sum % 6);
  return element('span', { class: 'avatar', 'data-hue': hue, 'aria-hidden': 'true' }, initials);
}
