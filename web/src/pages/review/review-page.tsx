// One pull request: each time it was sent back and why, what the merge still waits for, and what is being done about it.
import { getJson } from "../../api/http.ts";
import type { ReviewView } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import type { PageProps } from "../../page.ts";
import { lookOfReview } from "../reviews/look.ts";

export default function OneReviewPage({ params }: PageProps) {
  const { owner = "", repo = "", number = "" } = params;
  const path = `/v1/reviews/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}/${encodeURIComponent(number)}`;
  const review = useLive<ReviewView>({
    key: ["review", owner, repo, number],
    load: async (signal) => getJson(path, { signal }),
    apply: reloadOn(({ type }) => type.startsWith("pr-")),
  });
  return (
    <>
      <PageHead title={`${owner}/${repo}#${number}`} />
      <Loaded what="the pull request" {...review}>
        {({ review: shown }) => <Whole review={shown} />}
      </Loaded>
    </>
  );
}

type Shown = { readonly review: ReviewView["review"] };

const Whole = ({ review }: Shown) => (
  <>
    <p className="toolbar">
      <Chip {...lookOfReview(review)} />
      <Text>{review.title}</Text>
      <span className="meta">
        by <Text>{review.author}</Text> for <Text>{review.card}</Text>, head{" "}
        <span className="mono">{review.headSha.slice(0, 10)}</span>, changed{" "}
        <Since at={review.updatedAt} /> ago
      </span>
      {/^https?:\/\//.test(review.url) ? (
        <a href={review.url} target="_blank" rel="noreferrer noopener">
          Open in the forge
        </a>
      ) : null}
    </p>
    <Cycles review={review} />
    <Conditions review={review} />
    <Errands review={review} />
  </>
);

const Cycles = ({ review: { rejections, cycles, round } }: Shown) => (
  <section aria-label="Review cycles">
    <h2>
      Sent back {cycles === 1 ? "once" : `${cycles} times`}
      {round > 1 ? ` since it was opened again (round ${round})` : ""}
    </h2>
    <ol>
      {rejections.map(({ review, cycle, reviewer, reason, headSha }) => (
        <li key={review}>
          <strong>Cycle {cycle}</strong> <Text>{reviewer}</Text>{" "}
          <span className="mono meta">{headSha.slice(0, 10)}</span>
          <pre className="exact" tabIndex={0}>
            <Text>{reason}</Text>
          </pre>
        </li>
      ))}
    </ol>
  </section>
);

/** By rule alone; what a model says is none of it. */
const Conditions = ({ review: { refusals, verification, agentReview, state } }: Shown) => (
  <section aria-label="Merge">
    <h2>Merge</h2>
    {state !== "active" ? null : refusals.length === 0 ? (
      <p>No reason against it is known.</p>
    ) : (
      <ul>
        {refusals.map(({ cause, detail }) => (
          <li key={`${cause} ${detail}`}>
            <span className="mono">{cause}</span> <Text>{detail}</Text>
          </li>
        ))}
      </ul>
    )}
    <p className="meta">
      Own verification: {verification?.verdict ?? "none"} · agent review:{" "}
      {agentReview?.kind ?? "none"}, which decides nothing
    </p>
  </section>
);

const Errands = ({ review: { errands } }: Shown) =>
  errands.length === 0 ? null : (
    <Table
      label="What is done about it"
      rows={errands}
      keyOf={({ kind, about, round }) => `${kind} ${about} ${round}`}
      columns={[
        { title: "What", cell: ({ kind }) => kind },
        { title: "State", cell: ({ state }) => state },
        { title: "Attempts", cell: ({ attempts }) => attempts },
        { title: "Last failure", cell: ({ failure }) => <Text>{failure ?? ""}</Text> },
      ]}
    />
  );
