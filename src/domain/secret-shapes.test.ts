// What looks like a secret goes, what only resembles one stays, and no text takes long.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hideShapes } from "./secret-shapes.ts";

const hide = (text: string): string => hideShapes(text, "***");
const DIGITS = "0123456789".repeat(4);
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";
const PEM = (kind: string): string =>
  `-----BEGIN ${kind}-----\nMIIEpAIBAAKCAQEA${DIGITS}\n${LETTERS}\nabc=\n-----END ${kind}-----`;

test("keys of the well-known makers, signed tokens and private keys go, wherever they stand", () => {
  const secrets = [
    `sk-proj-${DIGITS}`,
    `sk-ant-api03-${LETTERS}_-1`,
    `ghp_${LETTERS.slice(0, 36)}`,
    `github_pat_${DIGITS}_${LETTERS}`,
    `glpat-${DIGITS.slice(0, 20)}`,
    `npm_${DIGITS.slice(0, 36)}`,
    `hf_${LETTERS.slice(0, 34)}`,
    `AIza${DIGITS.slice(0, 35)}`,
    `xoxb-${DIGITS.slice(0, 24)}`,
    "AKIAABCDEFGHIJKLMNOP",
    "ASIA0123456789ABCDEF",
    JWT,
    PEM("PRIVATE KEY"),
    PEM("RSA PRIVATE KEY"),
    PEM("OPENSSH PRIVATE KEY"),
    PEM("PGP PRIVATE KEY BLOCK"),
  ];
  for (const secret of secrets) {
    assert.equal(hide(secret), "***");
    assert.equal(hide(`key=${secret}, and "${secret}"`), 'key=***, and "***"', secret);
    const nested = JSON.stringify({ body: JSON.stringify({ secret }) });
    assert.equal(hide(nested), '{"body":"{\\"secret\\":\\"***\\"}"}', secret);
  }
});

test("the letter of an escaped line end before a key is no part of it, however often it is escaped", () => {
  const lines = `first\nghp_${DIGITS.slice(0, 36)}\r\n\tAKIAABCDEFGHIJKLMNOP`;
  const once = JSON.stringify({ lines });
  assert.equal(hide(once), JSON.stringify({ lines: "first\n***\r\n\t***" }));
  const twice = JSON.stringify({ once });
  assert.equal(hide(twice), JSON.stringify({ once: hide(once) }));
  assert.equal(hide(`tool_ghp_${DIGITS.slice(0, 36)}`), "tool_***");
  const half = JSON.stringify(JSON.stringify(PEM("PRIVATE KEY").slice(0, 90)));
  assert.equal(hide(half), '"\\"***\\""');
});

test("a private key that was cut off goes as far as it looks like one", () => {
  const half = PEM("EC PRIVATE KEY").slice(0, 90);
  assert.equal(hide(`see ${half}`), "see ***");
  assert.equal(hide(JSON.stringify({ half })), '{"half":"***"}');
});

test("credentials of headers go and their names stay", () => {
  for (const [text, hidden] of [
    ["Authorization: Bearer abcdef", "Authorization: Bearer ***"],
    ["authorization:basic dXNlcjpwYXNz", "authorization:basic ***"],
    ['{"Authorization":"Bearer abc.def-1"}', '{"Authorization":"Bearer ***"}'],
    ['{\\"AUTHORIZATION\\":\\"Token x1y2z3\\"}', '{\\"AUTHORIZATION\\":\\"Token ***\\"}'],
    ["-H 'authorization: digest abcdefgh'", "-H 'authorization: digest ***'"],
    ["sent Bearer abcdefghijkl0123", "sent Bearer ***"],
    ["BEARER 0123456789abcdef", "BEARER ***"],
  ] as const)
    assert.equal(hide(text), hidden);
});

test("passwords of addresses go and the rest of the address stays", () => {
  for (const [text, hidden] of [
    ["https://me:pass@host/x", "https://me:***@host/x"],
    ["postgres://:p%40ss@db:5432/a?b=c", "postgres://:***@db:5432/a?b=c"],
    ["see redis://u:1@h and amqp://v:2@h", "see redis://u:***@h and amqp://v:***@h"],
    ['"git+ssh://a:b@c"', '"git+ssh://a:***@c"'],
  ] as const)
    assert.equal(hide(text), hidden);
});

test("what only resembles a secret stays", () => {
  for (const text of [
    "task-management-0123456789-and-more",
    "sk-folding-cube-container-wrapper",
    "sk-1",
    "ghp_short",
    "AKIAABCDEFGHIJKLMNOPQ",
    "XAKIAABCDEFGHIJKLMNOP",
    "eyJhbGciOiJIUzI1NiJ9",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "Authorization: required by the policy",
    "the bearer understands-responsibilities",
    "https://host:8080/path@place",
    "https://me@host/",
    "time 12:30 @ noon, a://b",
    "0".repeat(64),
  ])
    assert.equal(hide(text), text);
});

test("what is hidden once is not hidden again", () => {
  const text = `Authorization: Bearer ${JWT} https://a:b@c ${PEM("PRIVATE KEY")} sk-${DIGITS}`;
  const mask = "[redacted]";
  const once = hideShapes(text, mask);
  assert.equal(hideShapes(once, mask), once);
  assert.ok(!once.includes("eyJ") && !once.includes(DIGITS));
});

test("texts made to be slow are not", { timeout: 20_000 }, () => {
  for (const piece of [
    "sk-",
    "-sk-a",
    "ghp_",
    "eyJaaaaa.",
    ".eyJaaaaa",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----AAAAAAAAAAAAAAAA ",
    "authorization: bearer ",
    "bearer a",
    "a://",
    "a://b:",
    "aaaa",
    "xoxb-",
  ])
    hide(`${piece.repeat(Math.ceil(200_000 / piece.length))} :// uthorization earer `);
});
