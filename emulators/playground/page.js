import { avatar, element } from './element.js';
import { createPane } from './pane.js';
import { goTo, readPlace } from './place.js';
import { followNews, readSetup, readView, sendAction } from './wire.js';

/*
 * The address says who the visitor is and where; `refresh` asks each scene what that person sees there, on every news
 * and every change of the address. All drawing follows from that one answer.
 */

const setup = await readSetup();
const people = new Map(setup.scenes.flatMap((scene) => scene.people.map((person) => [person.key, person])));
const panes = new Map();
const who = () => (people.has(readPlace().as) ? readPlace().as : ([...people.keys()][0] ?? ''));

for (const { name } of setup.scenes) {
  const refresh = createRefresh(name);
  const pane = createPane({
    platform: name,
    choose: (channel) => goTo({ [name]: channel }),
    act: async (action) => {
      await sendAction(name, who(), action);
      await refresh();
    },
  });
  panes.set(name, { pane, refresh });
  document.querySelector('.panes').append(pane.root);
}

/** One question at a time: what changes meanwhile is asked for once more afterwards. */
function createRefresh(name) {
  let running;
  let again = false;
  let timer;
  const read = async () => {
    do {
      again = false;
      const as = who();
      const { pane } = panes.get(name);
      try {
        const view = await readView(name, as);
        if (as === who()) pane.show(view, readPlace().channelIn(name));
        else again = true;
        // A sign of typing can run out without any news of it.
        clearTimeout(timer);
        if (view.view.signs.length > 0) timer = setTimeout(panes.get(name).refresh, 3000);
      } catch (error) {
        pane.complain(error.message);
      }
    } while (again);
    running = undefined;
  };
  return () => {
    again = running !== undefined;
    running ??= read();
    return running;
  };
}

function refreshAll() {
  const chosen = document.querySelector(`.who input[value="${CSS.escape(who())}"]`);
  if (chosen !== null) chosen.checked = true;
  for (const { refresh } of panes.values()) void refresh();
}

document
  .querySelector('.who')
  .append(
    ...[...people.values()].map((person) =>
      element(
        'label',
        {},
        element('input', { type: 'radio', name: 'who', value: person.key, change: () => goTo({ as: person.key }) }),
        avatar({ name: person.name, bot: false }),
        element('span', {}, element('strong', {}, person.name), element('small', {}, person.title)),
      ),
    ),
  );
document.querySelector('.who').hidden = people.size === 0;
document
  .querySelector('.about')
  .append(
    ...setup.about.map(({ system, state }) =>
      element('span', { class: state === 'real' ? 'real' : undefined }, `${system} `, element('b', {}, state)),
    ),
  );
if (panes.size === 0)
  document
    .querySelector('.panes')
    .append(element('p', { class: 'nothing' }, 'Slack and Discord are both real here: talk to Yoda there.'));

const lost = document.querySelector('.lost');
addEventListener('hashchange', refreshAll);
followNews({
  changed: (scene) => void panes.get(scene)?.refresh(),
  opened: () => {
    lost.hidden = true;
    refreshAll();
  },
  lost: () => {
    lost.hidden = false;
  },
});
