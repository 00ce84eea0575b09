// Bytes sent to a port as they are, and what came back until the other side closed.
import { connect } from "node:net";

export async function sendRaw(port: number, parts: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => {
      for (const part of parts) socket.write(part);
    });
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => (answer += text));
    // The server may close while this side still writes; what it said before counts.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.on("close", () => resolve(answer));
  });
}

/** Status and problem code of a raw answer. */
export function readRaw(answer: string): readonly [status: number, code: string | null] {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
  const [, body = "{}"] = answer.split("\r\n\r\n");
  const { code = null } = JSON.parse(body === "" ? "{}" : body) as { code?: string };
  return [status, code];
}
