// The reply of the model that does nothing, the same for every contender: a sentence and one tool call.

export type BenchReply = {
  readonly text: string;
  readonly tool: string;
  readonly args: { readonly comment: string };
  /** What the tool of a peer answers; Orket's own answers for itself. */
  readonly result: string;
};

/** One of Orket's tools, so that its call is carried out; the peers only pass it on. */
export const COMMENT_TOOL = "add_issue_comment";

const RESULT = JSON.stringify({ ok: true, message: "Comment added." });

export const replyOf = (number: number): BenchReply => ({
  text: `Step ${number} is done, and what I found is in the comment.`,
  tool: COMMENT_TOOL,
  args: { comment: `What step ${number} found.` },
  result: RESULT,
});
