// Nothing in; what a `*.thread.js` file calls, out: it takes what a thread is given once, and computes parts of calls from then on.

import { kernelsOf, place, takeParts, type Team } from "../threadCalls.js";

interface Port {
  on(event: "message", listener: (team: Team) => void): void;
  postMessage(value: string): void;
}

interface Platform {
  readonly process?: {
    readonly getBuiltinModule?: (
      name: "node:worker_threads",
    ) => { readonly parentPort: Port | null } | undefined;
  };
  onmessage?: unknown;
  postMessage?: (value: string) => void;
}

const platform = globalThis as Platform;

/** Turns of waiting awake, a few microseconds: calls follow one another. */
const patience = 2000;

function work({ module, memory, control, scratch }: Team, say: (value: string) => void): never {
  const { exports } = new WebAssembly.Instance(module, { host: { memory } });
  if (exports["scratch"] instanceof WebAssembly.Global) exports["scratch"].value = scratch;
  const kernels = kernelsOf(exports);
  let seen = Atomics.load(control, place.calls);
  say("ready");
  for (;;) {
    for (let turn = 0; turn < patience && Atomics.load(control, place.calls) === seen;) turn++;
    Atomics.wait(control, place.calls, seen);
    seen = Atomics.load(control, place.calls);
    Atomics.add(control, place.busy, 1);
    try {
      takeParts(control, kernels);
    } catch (error) {
      Atomics.store(control, place.failed, 1);
      say(`it failed: ${String(error)}`);
    }
    if (Atomics.sub(control, place.busy, 1) === 1) Atomics.notify(control, place.busy);
  }
}

export function serve(): void {
  const port = platform.process?.getBuiltinModule?.("node:worker_threads")?.parentPort;
  if (port)
    port.on("message", (team) => {
      work(team, (value) => {
        port.postMessage(value);
      });
    });
  else
    platform.onmessage = ({ data }: { readonly data: Team }) => {
      work(data, (value) => platform.postMessage?.(value));
    };
}
