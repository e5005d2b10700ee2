import { element } from './element.js';

/*
 * What is offered while typing: slash commands at the start of a line, people after an @. The list hangs on the
 * textarea, which keeps the focus; arrows move, Enter or Tab takes, Escape closes.
 */
export function createSuggestions({ list, textarea, id }) {
  let offer = { options: [], from: 0, to: 0 };
  let chosen = 0;
  let closedFor;
  list.id = id;
  textarea.setAttribute('aria-controls', id);

  function update(view, names) {
    offer = findOffer(textarea, view, names);
    if (offer.typed !== closedFor) closedFor = undefined;
    if (closedFor !== undefined) offer = { ...offer, options: [] };
    chosen = 0;
    drawList();
  }

  function drawList() {
    list.hidden = offer.options.length === 0;
    const items = offer.options.map((option, index) =>
      element(
        'div',
        {
          role: 'option',
          id: `${id}-${index}`,
          'aria-selected': String(index === chosen),
          // mousedown, because a click would first take the focus out of the textarea
          mousedown: (event) => {
            event.preventDefault();
            take(index);
          },
        },
        element('b', {}, option.name),
        element('span', {}, option.summary),
      ),
    );
    list.replaceChildren(...items);
    if (list.hidden) textarea.removeAttribute('aria-activedescendant');
    else textarea.setAttribute('aria-activedescendant', `${id}-${chosen}`);
    items[chosen]?.scrollIntoView({ block: 'nearest' });
  }

  function take(index) {
    const text = `${offer.options[index].name} `;
    textarea.setRangeText(text, offer.from, offer.to, 'end');
    textarea.focus();
    textarea.dispatchEvent(new Event('input', { bubbles: true }));
  }

  function close() {
    closedFor = offer.typed;
    hide();
  }

  function hide() {
    offer = { ...offer, options: [] };
    drawList();
  }

  /** True when the key was meant for the list. */
  function takeKey(event) {
    const count = offer.options.length;
    if (count === 0 || event.isComposing) return false;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      chosen = (chosen + (event.key === 'ArrowDown' ? 1 : count - 1)) % count;
      drawList();
    } else if (event.key === 'Escape') close();
    else if (event.key === 'Tab' && !event.shiftKey) take(chosen);
    // A name that is typed in full is meant as it stands: Enter sends it.
    else if (event.key === 'Enter' && !event.shiftKey && offer.options[chosen].name.toLowerCase() !== offer.typed)
      take(chosen);
    else return false;
    event.preventDefault();
    return true;
  }

  return { update, takeKey, hide };
}

function findOffer(textarea, view, names) {
  const { value, selectionStart: to } = textarea;
  const before = value.slice(0, to).toLowerCase();
  if (/^\/[^\n]*$/.test(before)) {
    const options = view.commands.filter((command) => command.name.toLowerCase().startsWith(before));
    return { options, from: 0, to, typed: before };
  }
  const typed = /(?:^|\s)(@\w*)$/.exec(before)?.[1];
  if (typed === undefined) return { options: [], from: to, to, typed: '' };
  const options = names.filter(({ name }) => name.toLowerCase().startsWith(typed));
  return { options, from: to - typed.length, to, typed };
}
