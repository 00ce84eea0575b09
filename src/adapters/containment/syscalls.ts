// Numbers of the system calls that the filter knows, by architecture. What has no table here cannot be filtered, and a
// machine without a filter has no box. Numbers are the kernel's and never change.

export type Architecture = "x64" | "arm64";

export type SyscallTable = {
  /** AUDIT_ARCH_* of linux/audit.h; calls made any other way end the process. */
  readonly audit: number;
  /** x32 calls carry this bit; the other architectures have none. */
  readonly foreignBit: number | null;
  readonly socket: number;
  readonly socketpair: number;
  readonly clone: number;
  readonly clone3: number;
  readonly ioctl: number;
  /** Refused as not permitted. */
  readonly denied: Readonly<Record<string, number>>;
  /** Refused as not there, so that callers take another way. */
  readonly absent: Readonly<Record<string, number>>;
  /** The newest one that was looked at; later ones are not there. */
  readonly newest: number;
};

/** From number 424 on all architectures agree. */
const DENIED_EVERYWHERE = {
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  pidfd_getfd: 438,
  process_madvise: 440,
  mount_setattr: 442,
  quotactl_fd: 443,
  memfd_secret: 447,
  statmount: 457,
  listmount: 458,
} as const;
const ABSENT_EVERYWHERE = { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 };
const CLONE3 = 435;
const NEWEST = 462;

export const SYSCALLS: Readonly<Record<Architecture, SyscallTable>> = {
  x64: {
    audit: 0xc000003e,
    foreignBit: 0x40000000,
    socket: 41,
    socketpair: 53,
    clone: 56,
    clone3: CLONE3,
    ioctl: 16,
    newest: NEWEST,
    absent: ABSENT_EVERYWHERE,
    denied: {
      ...DENIED_EVERYWHERE,
      ptrace: 101,
      syslog: 103,
      uselib: 134,
      vhangup: 153,
      pivot_root: 155,
      sysctl: 156,
      adjtimex: 159,
      chroot: 161,
      acct: 163,
      settimeofday: 164,
      mount: 165,
      umount2: 166,
      swapon: 167,
      swapoff: 168,
      reboot: 169,
      sethostname: 170,
      setdomainname: 171,
      iopl: 172,
      ioperm: 173,
      create_module: 174,
      init_module: 175,
      delete_module: 176,
      get_kernel_syms: 177,
      query_module: 178,
      quotactl: 179,
      nfsservctl: 180,
      lookup_dcookie: 212,
      clock_settime: 227,
      kexec_load: 246,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      unshare: 272,
      perf_event_open: 298,
      fanotify_init: 300,
      name_to_handle_at: 303,
      open_by_handle_at: 304,
      clock_adjtime: 305,
      setns: 308,
      process_vm_readv: 310,
      process_vm_writev: 311,
      kcmp: 312,
      finit_module: 313,
      kexec_file_load: 320,
      bpf: 321,
      userfaultfd: 323,
    },
  },
  arm64: {
    audit: 0xc00000b7,
    foreignBit: null,
    socket: 198,
    socketpair: 199,
    clone: 220,
    clone3: CLONE3,
    ioctl: 29,
    newest: NEWEST,
    absent: ABSENT_EVERYWHERE,
    denied: {
      ...DENIED_EVERYWHERE,
      lookup_dcookie: 18,
      umount2: 39,
      mount: 40,
      pivot_root: 41,
      nfsservctl: 42,
      chroot: 51,
      vhangup: 58,
      quotactl: 60,
      acct: 89,
      unshare: 97,
      kexec_load: 104,
      init_module: 105,
      delete_module: 106,
      clock_settime: 112,
      syslog: 116,
      ptrace: 117,
      reboot: 142,
      sethostname: 161,
      setdomainname: 162,
      settimeofday: 170,
      adjtimex: 171,
      add_key: 217,
      request_key: 218,
      keyctl: 219,
      swapon: 224,
      swapoff: 225,
      perf_event_open: 241,
      fanotify_init: 262,
      name_to_handle_at: 264,
      open_by_handle_at: 265,
      clock_adjtime: 266,
      setns: 268,
      process_vm_readv: 270,
      process_vm_writev: 271,
      kcmp: 272,
      finit_module: 273,
      bpf: 280,
      userfaultfd: 282,
      kexec_file_load: 294,
    },
  },
};

export const architectureOf = (name: string): Architecture | null =>
  name === "x64" || name === "arm64" ? name : null;
