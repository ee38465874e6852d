// A session in; nothing out: what bundles have in place of stream.ts where their plans have no program for one step of time.

export function streaming(): object {
  return {};
}

export function guardedStream(): object {
  return {};
}

export function refuseStreaming(): void {
  // Nothing streams.
}
