// A card's id, which opens the card beside the board. The address says which one is open.
import { Link } from "wouter";
import { useRawSearch } from "../../kit/address.ts";
import { changedSearch } from "../../kit/search-state.ts";
import { marked } from "../../kit/marks.ts";
import type { BoardCard } from "./board-data.ts";

export function CardLink({ card }: { readonly card: Pick<BoardCard, "id" | "key"> }) {
  const search = useRawSearch();
  const isOpen = new URLSearchParams(search).get("card") === card.key;
  return (
    <Link
      className="mono card-link"
      href={`/board${changedSearch(search, { card: card.key })}`}
      aria-current={isOpen ? "true" : undefined}
      data-card={card.key}
    >
      {marked(card.id)}
    </Link>
  );
}

export const addressOfCard = ({ id, build }: Pick<BoardCard, "id" | "build">): string =>
  `/cards/${encodeURIComponent(id)}${build === null ? "" : `?build=${encodeURIComponent(build)}`}`;
