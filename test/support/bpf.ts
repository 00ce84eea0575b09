// Runs a program of classic BPF on one system call, as the kernel would. Only what seccomp filters use.

export type Call = {
  readonly audit: number;
  readonly number: number;
  readonly args?: readonly bigint[];
};

const WORD = 32n;

function dataOf({ audit, number, args = [] }: Call): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number >>> 0, true);
  data.setUint32(4, audit >>> 0, true);
  for (const [index, value] of args.entries()) {
    data.setUint32(16 + index * 8, Number(value & 0xffff_ffffn), true);
    data.setUint32(20 + index * 8, Number((value >> WORD) & 0xffff_ffffn), true);
  }
  return data;
}

/** The kernel refuses a program that runs off its end, so does this. */
export function runFilter(program: Uint8Array, call: Call): number {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = dataOf(call);
  let accumulator = 0;
  for (let at = 0; at * 8 < program.byteLength; at += 1) {
    const operation = code.getUint16(at * 8, true);
    const value = code.getUint32(at * 8 + 4, true);
    const jump = (holds: boolean): number => code.getUint8(at * 8 + (holds ? 2 : 3));
    if (operation === 0x06) return value;
    if (operation === 0x20) accumulator = data.getUint32(value, true);
    else if (operation === 0x54) accumulator = (accumulator & value) >>> 0;
    else if (operation === 0x15) at += jump(accumulator === value);
    else if (operation === 0x25) at += jump(accumulator > value);
    else if (operation === 0x45) at += jump((accumulator & value) !== 0);
    else throw new Error(`instruction ${at} has the code ${operation}`);
  }
  throw new Error("The program runs off its end.");
}
