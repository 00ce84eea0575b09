// The filter of system calls inside the box: what namespaces leave open. A program of classic BPF (linux/filter.h), which
// the kernel runs before each call; bubblewrap reads it from a descriptor and puts it in force last.
import type { SyscallTable } from "./syscalls.ts";

/** Places in `struct seccomp_data`. Arguments are 64 bits wide; the calls below look at the lower half only. */
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const ARGUMENT_AT = (index: number): number => 16 + 8 * index;

const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_GREATER = 0x25; // BPF_JMP | BPF_JGT | BPF_K
const JUMP_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K
const MASK = 0x54; // BPF_ALU | BPF_AND | BPF_K

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const withErrno = (errno: number): number => 0x00050000 | errno;

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

const AF_INET = 2;
const AF_INET6 = 10;
/** A pair of datagram sockets could still send to any path; of pairs that are connected for good there are these. */
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const SOCK_TYPE_MASK = 0xf;
/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET of linux/sched.h. */
const NEW_NAMESPACES =
  0x80 | 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000;
/** Both put words into the terminal of whoever started us. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

type Instruction = {
  readonly code: number;
  readonly ifTrue?: number;
  readonly ifFalse?: number;
  readonly value: number;
};

const load = (at: number): Instruction => ({ code: LOAD, value: at });
const answer = (value: number): Instruction => ({ code: RETURN, value });

/** Goes on with the next instruction when it holds, and passes over `skip` of them when it does not. */
const when = (code: number, value: number, skip: number): Instruction => ({
  code,
  value,
  ifTrue: 0,
  ifFalse: skip,
});
const unless = (code: number, value: number, skip: number): Instruction => ({
  code,
  value,
  ifTrue: skip,
  ifFalse: 0,
});

const refuseCall = (number: number, errno: number): readonly Instruction[] => [
  when(JUMP_EQUAL, number, 1),
  answer(withErrno(errno)),
];

/** Rules on an argument end the program, since the number is no longer loaded after them. */
const onArgument = (
  number: number,
  index: number,
  rules: readonly Instruction[],
): readonly Instruction[] => [
  when(JUMP_EQUAL, number, rules.length + 1),
  load(ARGUMENT_AT(index)),
  ...rules,
];

export function filterProgram(table: SyscallTable): Uint8Array {
  const { audit, foreignBit, socket, socketpair, clone, clone3, ioctl, denied, absent, newest } =
    table;
  return encode([
    load(ARCHITECTURE_AT),
    unless(JUMP_EQUAL, audit, 1),
    answer(KILL_PROCESS),
    load(NUMBER_AT),
    ...(foreignBit === null ? [] : [when(JUMP_ANY_BIT, foreignBit, 1), answer(withErrno(ENOSYS))]),
    when(JUMP_GREATER, newest, 1),
    answer(withErrno(ENOSYS)),
    // Its flags lie in memory, where a filter cannot look: the C library then takes `clone`.
    ...refuseCall(clone3, ENOSYS),
    ...Object.values(absent).flatMap((number) => refuseCall(number, ENOSYS)),
    ...Object.values(denied).flatMap((number) => refuseCall(number, EPERM)),
    ...onArgument(socket, 0, [
      unless(JUMP_EQUAL, AF_INET, 2),
      unless(JUMP_EQUAL, AF_INET6, 1),
      answer(withErrno(EAFNOSUPPORT)),
      answer(ALLOW),
    ]),
    ...onArgument(socketpair, 1, [
      { code: MASK, value: SOCK_TYPE_MASK },
      unless(JUMP_EQUAL, SOCK_STREAM, 2),
      unless(JUMP_EQUAL, SOCK_SEQPACKET, 1),
      answer(withErrno(EAFNOSUPPORT)),
      answer(ALLOW),
    ]),
    ...onArgument(clone, 0, [
      when(JUMP_ANY_BIT, NEW_NAMESPACES, 1),
      answer(withErrno(EPERM)),
      answer(ALLOW),
    ]),
    ...onArgument(ioctl, 1, [
      unless(JUMP_EQUAL, TIOCSTI, 1),
      when(JUMP_EQUAL, TIOCLINUX, 1),
      answer(withErrno(EPERM)),
      answer(ALLOW),
    ]),
    answer(ALLOW),
  ]);
}

/** `struct sock_filter`, eight bytes each, in the byte order of both architectures. */
function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, ifTrue = 0, ifFalse = 0, value }] of program.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, value >>> 0, true);
  }
  return bytes;
}
