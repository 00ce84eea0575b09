// The filter, call by call, on both architectures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runFilter } from "../../../test/support/bpf.ts";
import { filterProgram } from "./seccomp.ts";
import { architectureOf, SYSCALLS } from "./syscalls.ts";

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const EPERM = 0x50001;
const ENOSYS = 0x50026;
const EAFNOSUPPORT = 0x50061;
const OTHER_HALF = 0xdead_beef_0000_0000n;

for (const architecture of ["x64", "arm64"] as const) {
  const table = SYSCALLS[architecture];
  const program = filterProgram(table);
  const ask = (number: number, ...args: readonly (number | bigint)[]): number =>
    runFilter(program, { audit: table.audit, number, args: args.map(BigInt) });

  test(`${architecture}: a call of another architecture ends the process`, () => {
    for (const other of [0x40000003, 0x40000028, 0xc000003e, 0xc00000b7, 0])
      if (other !== table.audit)
        assert.equal(runFilter(program, { audit: other, number: table.socket }), KILL);
  });

  test(`${architecture}: every listed call is refused, whatever its arguments`, () => {
    for (const [name, number] of Object.entries(table.denied))
      for (const argument of [0n, 2n, OTHER_HALF])
        assert.equal(ask(number, argument, argument), EPERM, name);
    for (const [name, number] of Object.entries(table.absent))
      assert.equal(ask(number), ENOSYS, name);
    assert.equal(ask(table.clone3), ENOSYS);
  });

  test(`${architecture}: sockets are of the internet or not at all`, () => {
    for (let family = 0; family < 64; family += 1) {
      const expected = family === 2 || family === 10 ? ALLOW : EAFNOSUPPORT;
      assert.equal(ask(table.socket, family), expected, `family ${family}`);
      assert.equal(ask(table.socket, OTHER_HALF | BigInt(family)), expected, `wide ${family}`);
    }
  });

  test(`${architecture}: pairs of sockets are connected ones, since datagrams could be sent to any path`, () => {
    const flags = 0o2000000 | 0o4000;
    for (const type of [1, 5, 1 | flags, 5 | flags])
      assert.equal(ask(table.socketpair, 1, type), ALLOW, `type ${type}`);
    for (const type of [0, 2, 3, 2 | flags, 10])
      assert.equal(ask(table.socketpair, 1, type), EAFNOSUPPORT, `type ${type}`);
  });

  test(`${architecture}: a clone makes processes and threads, but no namespace`, () => {
    for (const flags of [17, 0x3d0f00, 0x1200011, 0x4111])
      assert.equal(ask(table.clone, flags), ALLOW);
    for (const bit of [7, 17, 25, 26, 27, 28, 29, 30]) {
      assert.equal(ask(table.clone, 17 | (2 ** bit)), EPERM, `bit ${bit}`);
      assert.equal(ask(table.clone, OTHER_HALF | BigInt(2 ** bit)), EPERM, `wide bit ${bit}`);
    }
  });

  test(`${architecture}: nothing is typed into a terminal`, () => {
    for (const request of [0x5412, 0x541c]) {
      assert.equal(ask(table.ioctl, 0, request), EPERM);
      assert.equal(ask(table.ioctl, 0, OTHER_HALF | BigInt(request)), EPERM);
    }
    assert.equal(ask(table.ioctl, 0x5412, 0x5401), ALLOW);
  });

  test(`${architecture}: calls that are newer than the table are not there`, () => {
    assert.equal(ask(table.newest + 1), ENOSYS);
    assert.equal(ask(0xffffffff), ENOSYS);
    assert.equal(ask(table.newest), ALLOW);
  });
}

test("x32 calls are not there", () => {
  const table = SYSCALLS.x64;
  const program = filterProgram(table);
  for (const number of [0, 1, table.socket, 520])
    assert.equal(runFilter(program, { audit: table.audit, number: 0x40000000 + number }), ENOSYS);
});

test("an architecture without a table has no filter", () => {
  for (const name of ["ia32", "riscv64", "arm", "s390x", "toString", ""])
    assert.equal(architectureOf(name), null);
});

test("an ordinary call passes", () => {
  for (const [architecture, read] of [
    ["x64", 0],
    ["arm64", 63],
  ] as const) {
    const table = SYSCALLS[architecture];
    const call = { audit: table.audit, number: read };
    assert.equal(runFilter(filterProgram(table), call), ALLOW);
  }
});
