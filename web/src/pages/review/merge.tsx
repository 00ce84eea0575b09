// What a merge by rule needs, each with whether it holds; what a model says is none of it.
import type { ReviewView } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { Text } from "../../kit/text.tsx";
import { conditionsOf } from "./conditions.ts";

type MergeProps = { readonly review: ReviewView["review"] };

export const Merge = ({ review }: MergeProps) => (
  <section aria-label="Merge" className="stack">
    <h2>Merge by rule</h2>
    {review.mergeCommit === null ? null : (
      <p>
        Merged as <span className="mono">{review.mergeCommit.slice(0, 10)}</span>.
      </p>
    )}
    {review.state === "active" ? <Conditions refusals={review.refusals} /> : null}
    <p className="meta">
      Own verification: {review.verification?.verdict ?? "none"} · agent review:{" "}
      {review.agentReview?.kind ?? "none"}, which decides nothing
    </p>
    {review.agentReview === null || review.agentReview.reason === "" ? null : (
      <p className="wrap meta">
        <Text>{review.agentReview.reason}</Text>
      </p>
    )}
  </section>
);

const Conditions = ({ refusals }: Pick<MergeProps["review"], "refusals">) =>
  refusals.length === 0 ? (
    <p>No reason against it is known; it is looked at again with the next change.</p>
  ) : (
    <ul className="stack" aria-label="Conditions">
      {conditionsOf(refusals).map(({ word, details }) => (
        <li key={word}>
          {details.length === 0 ? (
            <Chip tone="done" icon="verified" word="Holds" />
          ) : (
            <Chip tone="waiting" icon="waiting" word="Missing" />
          )}{" "}
          {word}
          {details.map((detail) => (
            <p key={detail} className="wrap meta">
              <Text>{detail}</Text>
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
