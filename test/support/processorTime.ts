// Takes no input, gives the time that this process has computed, so that a limit holds on a busy machine too.

/** Milliseconds of the processor, those of the system's calls included; waiting for others' turns counts for nothing. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
