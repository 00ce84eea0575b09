// TLS in front of a server of a test, with a certificate that only its own authority file vouches for.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { tempFolder } from "./temp-folder.ts";

/** Its own authority: what vouches for it is the certificate itself. */
async function makeCertificate(context: TestContext) {
  const folder = await tempFolder(context);
  const [key, file] = [join(folder, "key.pem"), join(folder, "authority.pem")];
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const all = [...kind, "-noenc", "-days", "2", ...name, "-keyout", key, "-out", file];
  execFileSync("openssl", all, { stdio: "pipe" });
  return { key: readFileSync(key), cert: readFileSync(file), file };
}

/** `file` holds the authority that vouches for it. */
export async function openTlsFront(context: TestContext, target: string) {
  const { key, cert, file } = await makeCertificate(context);
  const server = createServer({ key, cert }, (incoming, answer) => {
    const { method, headers } = incoming;
    const outer = request(new URL(incoming.url ?? "/", target), { method, headers }, (inner) => {
      answer.writeHead(inner.statusCode ?? 502, inner.headers);
      inner.pipe(answer);
    });
    outer.on("error", () => answer.destroy());
    incoming.pipe(outer);
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, file };
}
