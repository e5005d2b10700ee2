/**
 * Where the visitor stands, kept in the address (`#as=luke&slack=C01&discord=42`), so that a reload, a bookmark and
 * the back button all lead to the same place.
 */
export function readPlace() {
  const values = new URLSearchParams(location.hash.slice(1));
  return { as: values.get('as') ?? '', channelIn: (scene) => values.get(scene.toLowerCase()) ?? '' };
}

/** Changes parts of the place; everything else follows from the `hashchange` that this causes. */
export function goTo(parts) {
  const values = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of Object.entries(parts)) values.set(name.toLowerCase(), value);
  location.hash = values.toString();
}
