// The filter of system calls for the engine's own language: the same rules as seccomp.ts, by names. Where the engine can only
// say which values are refused, all of them are listed.
import { SYSCALLS } from "./syscalls.ts";

const ERRNO = "SCMP_ACT_ERRNO";
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
/** Address families there are, and some to come. */
const FAMILIES_MAX = 64;
const INTERNET = [2, 10];
const SOCK_DGRAM = 2;
const SOCK_TYPE_MASK = 0xf;
const NAMESPACE_FLAGS = [
  0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
];
const TERMINAL_WORDS = [0x5412, 0x541c];

type Argument = {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: "SCMP_CMP_EQ" | "SCMP_CMP_MASKED_EQ";
};

const refused = (names: readonly string[], errnoRet: number, args: readonly Argument[] = []) => ({
  names,
  action: ERRNO,
  errnoRet,
  args,
});

const equals = (index: number, value: number): Argument => ({ index, value, op: "SCMP_CMP_EQ" });
const masked = (index: number, mask: number, value: number): Argument => ({
  index,
  value: mask,
  valueTwo: value,
  op: "SCMP_CMP_MASKED_EQ",
});

const families = Array.from({ length: FAMILIES_MAX }, (_, family) => family);
const deniedNames = [
  ...new Set(Object.values(SYSCALLS).flatMap(({ denied }) => Object.keys(denied))),
];

export const ENGINE_PROFILE = JSON.stringify({
  defaultAction: "SCMP_ACT_ALLOW",
  archMap: [
    { architecture: "SCMP_ARCH_X86_64", subArchitectures: [] },
    { architecture: "SCMP_ARCH_AARCH64", subArchitectures: [] },
  ],
  syscalls: [
    refused(deniedNames, EPERM),
    refused(["clone3", ...Object.keys(SYSCALLS.x64.absent)], ENOSYS),
    ...families
      .filter((family) => !INTERNET.includes(family))
      .map((family) => refused(["socket"], EAFNOSUPPORT, [equals(0, family)])),
    refused(["socketpair"], EAFNOSUPPORT, [masked(1, SOCK_TYPE_MASK, SOCK_DGRAM)]),
    ...NAMESPACE_FLAGS.map((flag) => refused(["clone"], EPERM, [masked(0, flag, flag)])),
    ...TERMINAL_WORDS.map((word) => refused(["ioctl"], EPERM, [equals(1, word)])),
  ],
});
