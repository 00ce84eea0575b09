// Server-sent events out of the text of a stream. EventSource would do it, but hides the comments that tell a quiet
// connection from a dead one, and the status of an answer that is no stream.

export type Frame = {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
};

export type FrameReader = { readonly push: (text: string) => readonly Frame[] };

/** Takes the text as it comes, in whatever pieces, and gives the frames that are whole. */
export function createFrameReader(): FrameReader {
  let rest = "";
  return {
    push: (text) => {
      const blocks = `${rest}${text}`.split("\n\n");
      rest = blocks.pop() ?? "";
      return blocks.map(frameOf);
    },
  };
}

function frameOf(block: string): Frame {
  let id: string | null = null;
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field = "", value = ""] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field === "id") id = value;
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return { id, event, data: data.join("\n") };
}
