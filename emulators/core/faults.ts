/** One thing that goes wrong on purpose. Absent fields match everything. */
export interface Fault {
  readonly method?: string;
  /** A regular expression for the path. */
  readonly path?: string;
  /** A text that the call's body must hold. */
  readonly bodyHas?: string;
  /** How many calls it hits before it is used up; absent: every one until cleared. */
  readonly times?: number;
  /** Lets this many matching calls pass before the first is hit. */
  readonly skip?: number;
  readonly delayMs?: number;
  /** Answers so instead of doing the call. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** `before`: the connection breaks and nothing happens. `after`: the call is done, but its answer is lost. */
  readonly drop?: 'before' | 'after';
}

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  list(): readonly Fault[];
  /** The fault that hits this call, counted down; undefined when it goes well. */
  take(method: string, path: string, body: string): Fault | undefined;
}

export function createFaults(): Faults {
  let active: { fault: Fault; left: number; skip: number }[] = [];
  return {
    add: (fault) => void active.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY, skip: fault.skip ?? 0 }),
    clear: () => {
      active = [];
    },
    list: () => active.map(({ fault }) => fault),
    take(method, path, body) {
      const hit = active.find(
        ({ fault }) =>
          (fault.method === undefined || fault.method === method) &&
          (fault.path === undefined || new RegExp(fault.path).test(path)) &&
          (fault.bodyHas === undefined || body.includes(fault.bodyHas)),
      );
      if (hit === undefined) return undefined;
      if (hit.skip > 0) {
        hit.skip--;
        return undefined;
      }
      hit.left--;
      if (hit.left <= 0) active = active.filter((entry) => entry !== hit);
      return hit.fault;
    },
  };
}
