/**
 * What the next message answers: nothing, a message (spent by one answer, as on Discord) or a thread (which one stays
 * in). `line` shows it over the textarea and holds the button that leaves it.
 */
export function createTarget({ line, textarea }) {
  let target;

  function aim(next) {
    target = next;
    line.hidden = next === undefined;
    line.querySelector('.target-words').textContent = next?.words ?? '';
    if (next !== undefined) textarea.focus();
  }

  const clear = () => aim(undefined);
  line.querySelector('.leave').addEventListener('click', () => {
    clear();
    textarea.focus();
  });
  return {
    clear,
    reply: (message, words) => {
      const thread = message.thread === undefined ? {} : { thread: message.thread };
      aim({ words, fields: { repliesTo: message.id, ...thread }, once: true });
    },
    replyInThread: (message, words) => aim({ words, fields: { thread: message.thread ?? message.id }, once: false }),
    /** To be spread into the action. */
    fields: () => target?.fields ?? {},
    used: () => {
      if (target?.once) clear();
    },
  };
}
