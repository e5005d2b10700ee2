/** Asks the playground's server. Every call rejects with an Error whose message is for the visitor. */
async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (cause) {
    throw new Error('The playground does not answer. Is it still running?', { cause });
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `The playground answered ${response.status}.`);
  return body;
}

export const readSetup = () => ask('/setup');

export const readView = (scene, as) => ask(`/scenes/${scene}/view?as=${encodeURIComponent(as)}`);

export const sendAction = (scene, as, action) =>
  ask(`/scenes/${scene}/act?as=${encodeURIComponent(as)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(action),
  });

/** Calls `changed(scene)` on news, `opened()` whenever the line stands (again), `lost()` when it breaks. */
export function followNews({ changed, opened, lost }) {
  const source = new EventSource('/events');
  source.addEventListener('change', (event) => changed(JSON.parse(event.data).scene));
  source.addEventListener('open', opened);
  source.addEventListener('error', lost);
}
