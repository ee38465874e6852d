// A folder in; its files over HTTP on 127.0.0.1 out.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import type { AddressInfo } from "node:net";

export interface FileServer {
  /** Such as `http://127.0.0.1:40123/`. */
  readonly url: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
};

/**
 * Serves `folder`; `pages` are texts served beside its files, by path (`"/": "<!doctype html>…"`), and `mounts` are
 * other folders, served under a path (`"/bundle/": folder`). 127.0.0.1 is a secure context, so pages have `navigator.gpu`;
 * `headers` go with every answer.
 */
export async function serveFolder(
  folder: string,
  pages: Readonly<Record<string, string>> = {},
  mounts: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<FileServer> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const text = pages[path];
    const name = path.endsWith("/") ? `${path}index.html` : path;
    const mount = Object.keys(mounts).find((prefix) => name.startsWith(prefix));
    const from = mount === undefined ? folder : (mounts[mount] ?? folder);
    const file = normalize(join(from, name.slice(mount?.length ?? 0)));
    const type = types[extname(name)] ?? "application/octet-stream";
    if (text !== undefined) {
      response.writeHead(200, { "content-type": type, ...headers }).end(text);
    } else if (file.startsWith(normalize(from + sep)) && isFile(file)) {
      response.writeHead(200, { "content-type": type, ...headers });
      createReadStream(file).pipe(response);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
