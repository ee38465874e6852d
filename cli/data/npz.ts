// In: a NumPy .npz file (a zip of .npy files, stored or deflated); out: its arrays, each opened when asked for.
import { DataError } from "./array.js";
import type { ByteSource } from "./bytes.js";
import { openNpy } from "./npy.js";
import type { ArrayArchive } from "./reader.js";
import { openMember, readDirectory } from "./zip.js";

const ending = ".npy";

export async function openNpz(source: ByteSource): Promise<ArrayArchive> {
  const { file } = source;
  const members = (await readDirectory(source)).filter(({ name }) => name.endsWith(ending));
  const names = members.map(({ name }) => name.slice(0, -ending.length));
  return {
    names,
    open: async (name) => {
      const wanted = members.filter((member) => member.name === `${name}${ending}`);
      const [member] = wanted;
      if (member === undefined || wanted.length > 1)
        throw new DataError("npz-zip", `"${name}${ending}" stands twice in the archive`, { file });
      return openNpy(await openMember(source, member), name, `${file}/${name}`);
    },
  };
}
