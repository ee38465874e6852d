// The types of software.mjs, for the tests written in TypeScript.

/** Whether this machine must have the software adapter. */
export const softwareExpected: boolean;

/** What a process that shall find the software adapter has to be started with. */
export function softwareEnvironment(): { VK_ICD_FILENAMES: string; LD_LIBRARY_PATH: string };

/** The browser's executable, its arguments, and the environment it starts in. */
export function browserInstallation(): {
  executablePath: string;
  args: string[];
  environment: Record<string, string>;
};
