// One pull request: each time it was sent back and why, what the merge still waits for, and what was done about it. Approving
// happens on the forge.
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { ReviewView } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { usePageKeys } from "../../kit/page-keys.ts";
import { Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { momentOf, Since } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import type { PageProps } from "../../page.ts";
import { lookOfReview } from "../reviews/look.ts";
import { Cycles } from "./cycles.tsx";
import { lineOf } from "./history-line.ts";
import { Merge } from "./merge.tsx";
import "./review.css";

export default function OneReviewPage({ params }: PageProps) {
  const { owner = "", repo = "", number = "" } = params;
  const path = `/v1/reviews/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}/${encodeURIComponent(number)}`;
  const view = useLive<ReviewView>({
    key: ["review", owner, repo, number],
    load: async (signal) => getJson(path, { signal }),
    apply: reloadOn(({ type }) => type.startsWith("pr-")),
  });
  const url = view.data?.review.url ?? "";
  const isAddress = /^https?:\/\//.test(url);
  usePageKeys({
    o: () => {
      if (isAddress) window.open(url, "_blank", "noopener,noreferrer");
    },
  });
  return (
    <>
      <PageHead title={`${owner}/${repo}#${number}`}>
        <Link href="/reviews">All reviews</Link>
        {isAddress ? (
          <a href={url} target="_blank" rel="noreferrer noopener">
            Open in the forge
          </a>
        ) : null}
      </PageHead>
      <Loaded what="the pull request" {...view}>
        {(shown) => <Whole view={shown} />}
      </Loaded>
    </>
  );
}

type Shown = { readonly view: ReviewView };

const Whole = ({ view }: Shown) => {
  const { review } = view;
  const card = `/cards/${encodeURIComponent(review.card)}?build=${encodeURIComponent(review.build)}`;
  return (
    <>
      <p className="toolbar">
        <Chip {...lookOfReview(review)} />
        <strong>
          <Text>{review.title}</Text>
        </strong>
        <span className="meta">
          by <Text>{review.author}</Text> for{" "}
          <Link href={card}>
            <Text>{review.card}</Text>
          </Link>
          , head <span className="mono">{review.headSha.slice(0, 10)}</span>, changed{" "}
          <Since at={review.updatedAt} /> ago
        </span>
      </p>
      <Cycles view={view} />
      <Merge review={review} />
      <Errands view={view} />
      <History view={view} />
    </>
  );
};

const Errands = ({ view: { review } }: Shown) =>
  review.errands.length === 0 ? null : (
    <section aria-label="Errands" className="stack">
      <h2>Done about it</h2>
      <Table
        label="Errands, in a table"
        rows={review.errands}
        keyOf={({ kind, about, round }) => `${kind} ${about} ${round}`}
        columns={[
          { title: "What", cell: ({ kind }) => kind },
          { title: "State", cell: ({ state }) => state },
          { title: "Attempts", cell: ({ attempts }) => attempts },
          { title: "Last failure", cell: ({ failure }) => <Text>{failure ?? ""}</Text> },
        ]}
      />
    </section>
  );

const History = ({ view: { history } }: Shown) => (
  <section aria-label="History" className="stack">
    <h2>History</h2>
    <ol>
      {history.toReversed().map((event) => (
        <li key={event.seq} className="wrap">
          <time className="meta" dateTime={event.at}>
            {momentOf(event.at)}
          </time>{" "}
          <Text>{lineOf(event)}</Text>
        </li>
      ))}
    </ol>
  </section>
);
