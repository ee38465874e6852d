// The digits example's folder in; its page on this machine's own address, until Ctrl-C, out.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "examples/digits");
const port = Number(process.env.PORT ?? 8080);

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".nn": "text/plain; charset=utf-8",
  ".wgsl": "text/plain; charset=utf-8",
  ".json": "application/json",
};

const server = createServer((request, response) => {
  const file = fileOf(request.url ?? "/");
  if (file === undefined) {
    response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    return;
  }
  response.writeHead(200, {
    "content-type": types[extname(file)] ?? "application/octet-stream",
    // The bundle and the weights change with every training run.
    "cache-control": "no-cache",
  });
  if (request.method === "HEAD") response.end();
  else createReadStream(file).pipe(response);
});
server.on("error", (error) => {
  console.error(
    error.code === "EADDRINUSE"
      ? `port ${port} is taken: try PORT=${port + 1} npm run serve`
      : error.message,
  );
  process.exitCode = 3;
});
// A page has navigator.gpu on localhost and over https, not on other addresses.
server.listen(port, "127.0.0.1", () => {
  console.log(`Draw a digit at http://localhost:${port}/ (Ctrl-C stops)`);
});

function fileOf(url) {
  try {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const file = normalize(join(folder, path.endsWith("/") ? `${path}index.html` : path));
    return file.startsWith(folder + sep) && statSync(file).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}
