// Text of models, files and people inside a prompt: fenced, so that none of it can pass for what stands around it.

/** A fence that cannot occur inside: longer than the longest run of backticks in the text. */
export function fence(text: string): string {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const mark = "`".repeat(Math.max(3, longest + 1));
  return `${mark}\n${text}\n${mark}`;
}

export const fenced = (title: string, text: string): string => `${title}\n${fence(text)}`;
