// In: what the system threw about a path; out: its code, and the words that are said of it wherever a file is read or written.

/** What is done to the path: some codes mean something else for what is read than for what is written. */
export type Access = "read" | "written";

type Words = Readonly<Record<string, string>>;

const common: Words = {
  EISDIR: "this is a folder, not a file",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its links lead in a circle",
  ENXIO: "it is a socket, or nothing can be opened there",
  EINVAL: "this is no name that a file can have",
  ERR_INVALID_ARG_VALUE: "this is no name that a file can have",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EIO: "the disk fails",
  EBUSY: "it is in use",
  ETXTBSY: "it is a program that runs",
  ESTALE: "its file system has gone away",
};

const words: Readonly<Record<Access, Words>> = {
  read: {
    ...common,
    ENOENT: "there is no such file",
    ENOTDIR: "there is no such file",
    EACCES: "it may not be read",
    EPERM: "it may not be read",
    ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
  },
  written: {
    ...common,
    ENOENT: "there is no such folder",
    ENOTDIR: "there is no such folder",
    EEXIST: "this is a file, not a folder",
    EACCES: "it may not be written",
    EPERM: "it may not be written",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    EDQUOT: "the disk's quota is used up",
    EFBIG: "it would be larger than files may be",
    EPIPE: "what reads from it has ended",
  },
};

export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Why a path cannot be read or written, in words. */
export function systemReason(error: unknown, access: Access): string {
  const code = errorCode(error);
  return words[access][code] ?? `it cannot be ${access} (${code || String(error)})`;
}
