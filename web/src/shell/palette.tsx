// The palette: whatever has a page, found by its name or by words of it, and gone to with the keyboard alone.
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import { Link, useLocation } from "wouter";
import { getJson } from "../api/http.ts";
import type { CardPage, RunPage } from "../api/types.ts";
import { Dialog } from "../kit/dialog.tsx";
import { Text } from "../kit/text.tsx";
import { findTargets, targetsOf } from "./palette-targets.ts";

const ASKED = 500;
const FRESH_MS = 10_000;

const usePage = <Page,>(path: string) =>
  useQuery({
    queryKey: ["palette", path],
    queryFn: async ({ signal }) => getJson<Page>(path, { params: { limit: ASKED }, signal }),
    staleTime: FRESH_MS,
  }).data;

export default function Palette({ onClose }: { readonly onClose: () => void }) {
  const [, navigate] = useLocation();
  const [words, setWords] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const cards = usePage<CardPage>("/v1/cards")?.cards ?? [];
  const runs = usePage<RunPage>("/v1/runs")?.runs ?? [];
  const found = findTargets(targetsOf(cards, runs), words);
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    const [first] = found;
    if (event.key === "ArrowDown") list.current?.querySelector("a")?.focus();
    else if (event.key === "Enter" && first !== undefined) {
      onClose();
      navigate(first.path);
    } else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <label>
        Page, card or run{" "}
        <input
          type="search"
          value={words}
          onChange={(event) => setWords(event.target.value)}
          onKeyDown={onKeyDown}
        />
      </label>
      <ul className="palette" ref={list}>
        {found.map(({ kind, name, path }) => (
          <li key={path}>
            <Link href={path} onClick={onClose} onKeyDown={stepInList}>
              <span className="meta">{kind}</span> <Text>{name}</Text>
            </Link>
          </li>
        ))}
      </ul>
      <output className="meta">
        {found.length === 0
          ? "Nothing of that name."
          : `${found.length} found; Enter opens the first`}
      </output>
    </Dialog>
  );
}

/** The arrows go from one to the next, as Tab does. */
function stepInList(event: KeyboardEvent<HTMLAnchorElement>): void {
  const { key, currentTarget } = event;
  const item = currentTarget.closest("li");
  const next =
    key === "ArrowDown"
      ? item?.nextElementSibling
      : key === "ArrowUp"
        ? item?.previousElementSibling
        : null;
  if (next === null || next === undefined) return;
  next.querySelector("a")?.focus();
  event.preventDefault();
}
