// The honest states of a page: nothing yet, nothing at all, an error with its code and number, no permission.
import type { ReactNode } from "react";
import { useEffect, useState } from "react";
import type { ApiError } from "../api/http.ts";
import { Text } from "./text.tsx";

const SKELETON_MS = 150;
const ROWS = [0, 1, 2, 3, 4, 5];

/** Only after a moment: what comes at once does not flicker. */
export function Skeleton({ what }: { readonly what: string }) {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SKELETON_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isShown) return null;
  return (
    <output className="skeleton">
      <p className="meta">Loading {what}</p>
      {ROWS.map((row) => (
        <span key={row} />
      ))}
    </output>
  );
}

type EmptyProps = { readonly title: string; readonly children?: ReactNode };

/** Says what would be here, and the next thing to do. */
export const Empty = ({ title, children }: EmptyProps) => (
  <div className="notice">
    <h2>{title}</h2>
    {children}
  </div>
);

type FailureProps = { readonly error: ApiError; readonly retry?: () => void };

export function Failure({ error, retry }: FailureProps) {
  const isScope = error.code === "SCOPE_MISSING";
  return (
    <div className={`notice ${isScope ? "waiting" : "failed"}`} role="alert">
      <h2>{isScope ? "Your key may not do this" : error.title}</h2>
      {error.message === error.title ? null : (
        <p className="wrap">
          <Text>{error.message}</Text>
        </p>
      )}
      <p className="meta">
        <span className="mono">{error.code}</span>
        {error.requestId === null ? null : (
          <>
            {" "}
            request <span className="mono">{error.requestId}</span>
          </>
        )}
      </p>
      {retry === undefined || isScope ? null : (
        <button type="button" onClick={retry}>
          Retry
        </button>
      )}
    </div>
  );
}

type LoadedProps<Data> = {
  readonly what: string;
  readonly data: Data | undefined;
  readonly error: ApiError | null;
  readonly reload: () => void;
  readonly children: (data: Data) => ReactNode;
};

/** What useLive gave, in whichever state it is; data that is there stays beside an error. */
export const Loaded = <Data,>({ what, data, error, reload, children }: LoadedProps<Data>) => (
  <>
    {error === null ? null : <Failure error={error} retry={reload} />}
    {data === undefined ? error === null && <Skeleton what={what} /> : children(data)}
  </>
);
