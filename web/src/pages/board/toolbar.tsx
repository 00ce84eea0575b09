// How the board is looked at: the view and the filters. All of it stands in the address.
import type { ReactNode } from "react";
import type { SearchState } from "../../kit/search-state.ts";
import { marked } from "../../kit/marks.ts";
import type { BoardData } from "./board-data.ts";
import type { FilterName, Filters } from "./filters.ts";
import { choicesOf, VIEWS, viewOf } from "./filters.ts";

export type ToolbarProps = {
  readonly data: BoardData;
  readonly filters: Filters;
  readonly search: SearchState;
};

const WAITS = ["resource", "dependency", "review", "input", "system"];
const STATUSES = [
  "ready",
  "in_progress",
  "blocked",
  "waiting_for_developer",
  "ready_for_testing",
  "code_review",
  "done",
  "canceled",
  "archived",
];

const TITLES = { kanban: "Kanban", tree: "Tree", table: "Table" } as const;

export function Toolbar({ data, filters, search }: ToolbarProps) {
  const view = viewOf(search);
  const { departments, seats, epics } = choicesOf(data);
  const pick = (name: FilterName) => (value: string) =>
    search.set({ [name]: value === "" ? null : value });
  return (
    <section className="toolbar" aria-label="View and filters">
      <span className="toolbar">
        {VIEWS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === view}
            onClick={() => search.set({ view: one })}
          >
            {TITLES[one]}
          </button>
        ))}
      </span>
      <label>
        Find
        <input
          type="search"
          value={filters.q ?? ""}
          onChange={({ target }) => search.set({ q: target.value }, "replace")}
        />
      </label>
      {departments.length < 2 && filters.dept === null ? null : (
        <Choice name="Department" value={filters.dept} pick={pick("dept")}>
          {departments.map((department) => (
            <option key={department} value={department}>
              {marked(department)}
            </option>
          ))}
        </Choice>
      )}
      <Choice name="Epic" value={filters.epic} pick={pick("epic")}>
        {epics.map(({ id, name }) => (
          <option key={id} value={id}>
            {marked(name)}
          </option>
        ))}
      </Choice>
      <Choice name="Status" value={filters.status} pick={pick("status")}>
        {STATUSES.map((status) => (
          <option key={status} value={status}>
            {status.replaceAll("_", " ")}
          </option>
        ))}
      </Choice>
      <Choice name="Waits for" value={filters.wait} pick={pick("wait")}>
        {WAITS.map((wait) => (
          <option key={wait}>{wait}</option>
        ))}
      </Choice>
      <Choice name="Seat" value={filters.seat} pick={pick("seat")}>
        {seats.map((seat) => (
          <option key={seat} value={seat}>
            {marked(seat)}
          </option>
        ))}
      </Choice>
    </section>
  );
}

type ChoiceProps = {
  readonly name: string;
  readonly value: string | null;
  readonly pick: (value: string) => void;
  readonly children: ReactNode;
};

const Choice = ({ name, value, pick, children }: ChoiceProps) => (
  <label>
    {name}
    <select value={value ?? ""} onChange={({ target }) => pick(target.value)}>
      <option value="">any</option>
      {children}
    </select>
  </label>
);
