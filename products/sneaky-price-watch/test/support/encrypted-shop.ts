// A shop behind TLS: its certificate is made for the test, and trusted by Node and Chromium only once a test says so.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

const run = (command: string, args: readonly string[]): void =>
  void execFileSync(command, args, { stdio: "pipe" });

function makeCertificate(folder: string): { readonly key: string; readonly file: string } {
  const [key, file] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  run("openssl", [...kind, "-noenc", "-days", "2", ...names, "-keyout", key, "-out", file]);
  return { key, file };
}

export async function openEncryptedShop(
  context: TestContext,
  pages: Readonly<Record<string, string>>,
) {
  const folder = mkdtempSync(join(tmpdir(), "sneaky-tls-"));
  const { key, file } = makeCertificate(folder);
  const certificate = readFileSync(file, "utf8");
  const asked: string[] = [];
  const server = createServer(
    { key: readFileSync(key), cert: certificate },
    (request, response) => {
      const path = request.url ?? "";
      asked.push(path);
      const page = pages[path];
      response.writeHead(page === undefined ? 404 : 200, { "content-type": "text/html" });
      response.end(page ?? "nothing here");
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const home = process.env["HOME"];
  const trusted = getCACertificates("default");
  context.after(() => {
    setDefaultCACertificates(trusted);
    if (home === undefined) delete process.env["HOME"];
    else process.env["HOME"] = home;
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: `localhost:${port}`,
    url: (path: string) => `https://localhost:${port}${path}`,
    asked,
    /** Chromium looks into the store of whoever starts it, when it starts. */
    trust: ({ byChromium = true } = {}): void => {
      setDefaultCACertificates([...trusted, certificate]);
      process.env["HOME"] = folder;
      if (!byChromium) return;
      const store = join(folder, ".pki/nssdb");
      run("mkdir", ["-p", store]);
      run("certutil", ["-d", `sql:${store}`, "-N", "--empty-password"]);
      run("certutil", ["-d", `sql:${store}`, "-A", "-t", "C,,", "-n", "shop", "-i", file]);
    },
  };
}
