// An error written on the bare socket, for what never became a request of the framework: broken HTTP, and upgrades.
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Problem } from "./problem.ts";
import { PROBLEM_TYPE } from "./problem.ts";

/** Ends the connection. */
export function answerRaw(
  socket: Duplex,
  problem: Problem,
  headers: Readonly<Record<string, string>>,
): void {
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? "Error"}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
