// Nothing in; a promise that resolves once waiting events, signals and painting had their turn, out.

/** A message, since timers wait for a second and more in tabs that are not seen. */
export function takeTurns(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
