// Long bodies are cut, and say so: the whole of them is in the API and in `orket runs export`.

const CHARACTERS_MAX = 32 * 1024;

export const cutText = (text: string): string =>
  text.length <= CHARACTERS_MAX
    ? text
    : `${text.slice(0, CHARACTERS_MAX)}\n… ${text.length - CHARACTERS_MAX} characters more`;
