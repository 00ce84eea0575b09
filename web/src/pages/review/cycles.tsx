// How often a pull request was sent back, as steps up to its limit, and who said why.
import type { ReviewView } from "../../api/types.ts";
import type { Look } from "../../kit/chip.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { cycleOf } from "../reviews/look.ts";
import { stepsOf } from "./steps.ts";
import type { Step } from "./steps.ts";

const LOOKS: Readonly<Record<Step["kind"], Look>> = {
  changes: { tone: "waiting", icon: "canceled", word: "changes asked" },
  escalated: { tone: "waiting", icon: "hand", word: "escalated" },
  rejected: { tone: "failed", icon: "failed", word: "rejected" },
  open: { tone: "muted", icon: "ready", word: "not reached" },
  "will-escalate": { tone: "muted", icon: "ready", word: "escalates" },
  "will-reject": { tone: "muted", icon: "ready", word: "closes it" },
};

export const Cycles = ({ view: { review, history, limits } }: { readonly view: ReviewView }) => (
  <section aria-label="Review cycles" className="stack">
    <h2>
      Sent back: {cycleOf(review, limits)}
      {review.round > 1 ? `, opened for the ${review.round}. time` : ""}
    </h2>
    {limits === null ? null : (
      <ol className="steps" aria-label="Cycles">
        {stepsOf(review, limits).map(({ number, kind, isNow }) => (
          <li key={number} aria-current={isNow ? "step" : undefined}>
            <span className="mono">{number}</span> <Chip {...LOOKS[kind]} />
          </li>
        ))}
      </ol>
    )}
    {review.rejections.length === 0 ? (
      <p className="meta">Nobody asked for changes.</p>
    ) : (
      <ol className="stack">
        {review.rejections.toReversed().map(({ review: id, cycle, reviewer, reason, headSha }) => {
          const at = history.find(({ data }) => data["review"] === id)?.at;
          return (
            <li key={id}>
              <strong>Cycle {cycle}</strong> <Text>{reviewer}</Text>{" "}
              <span className="meta">
                {at === undefined ? null : (
                  <>
                    <Since at={at} /> ago,{" "}
                  </>
                )}
                of <span className="mono">{headSha.slice(0, 10)}</span>
                {headSha === review.headSha ? ", the present head" : ""}
              </span>
              <pre className="exact" tabIndex={0} aria-label={`Reason of cycle ${cycle}`}>
                <Text>{reason}</Text>
              </pre>
            </li>
          );
        })}
      </ol>
    )}
  </section>
);
