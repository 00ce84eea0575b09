// Clone, fetch and push over HTTP: git's own http-backend behind the fake forge's accounts.
import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";

export type GitCall = {
  readonly folder: string;
  /** What follows the repository's name. */
  readonly rest: string;
  readonly query: string;
  readonly user: string | null;
};

/** Ends when git has answered everything, so that what it did to the refs is seen. */
export async function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  { folder, rest, query, user }: GitCall,
): Promise<void> {
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: "/nonexistent",
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: rest,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      ...(user === null ? {} : { REMOTE_USER: user }),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => {});
  request.pipe(child.stdin);
  const parts: Buffer[] = [];
  for await (const part of child.stdout) parts.push(part as Buffer);
  const whole = Buffer.concat(parts);
  const end = whole.indexOf("\r\n\r\n");
  const lines = end < 0 ? [] : whole.subarray(0, end).toString("latin1").split("\r\n");
  let status = end < 0 ? 500 : 200;
  for (const line of lines) {
    const at = line.indexOf(":");
    const [key, value] = [line.slice(0, at), line.slice(at + 1).trim()];
    if (key.toLowerCase() === "status") status = Number(value.split(" ")[0]);
    else response.setHeader(key, value);
  }
  response.statusCode = status;
  response.end(end < 0 ? "" : whole.subarray(end + 4));
}
