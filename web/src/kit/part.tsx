// Where a part of the dashboard stands: nothing around it falls with it, whether it cannot be loaded or breaks while it is drawn.
import type { ReactNode } from "react";
import { Component, Suspense } from "react";
import { useMutation } from "@tanstack/react-query";
import type { ApiError } from "../api/http.ts";
import { getJson } from "../api/http.ts";
import { LostPart } from "./lazy-part.ts";
import { PageHead } from "./page.tsx";
import { Failure } from "./states.tsx";
import { Text } from "./text.tsx";

type PartProps = {
  /** Begins a sentence. */
  readonly what: string;
  /** It has the one first heading. */
  readonly isPage?: boolean;
  /** Drawn while it is on its way. */
  readonly fallback: ReactNode;
  /** Where somebody is: what broke elsewhere is not told of here. */
  readonly at?: string;
  readonly children: ReactNode;
};

type Standing = { readonly fault: unknown; readonly at: string | undefined };

export class Part extends Component<PartProps, Standing> {
  override state: Standing = { fault: null, at: this.props.at };

  static getDerivedStateFromError = (fault: unknown): Pick<Standing, "fault"> => ({ fault });

  static getDerivedStateFromProps = ({ at }: PartProps, before: Standing): Standing | null =>
    at === before.at ? null : { fault: null, at };

  override render(): ReactNode {
    const { what, isPage = false, fallback, children } = this.props;
    const { fault } = this.state;
    if (fault === null) return <Suspense fallback={fallback}>{children}</Suspense>;
    return <Broken what={what} isPage={isPage} fault={fault} />;
  }
}

/** Not before the server answers is the page given up for a new one. */
type BrokenProps = Required<Pick<PartProps, "what" | "isPage">> & { readonly fault: unknown };

function Broken({ what, isPage, fault }: BrokenProps) {
  const { mutate, error, isPending } = useMutation<unknown, ApiError>({
    mutationFn: async () => getJson("/health"),
    onSuccess: () => location.reload(),
  });
  const isLost = fault instanceof LostPart;
  const title = isLost ? `${what} could not be loaded` : `${what} broke`;
  return (
    <div className="notice failed" role="alert">
      {isPage ? <PageHead title={title} /> : <h2>{title}</h2>}
      <p>
        {isLost
          ? "The server may be gone, or a newer one may have taken its place."
          : "This is a fault of the dashboard. Runs go on, and the other pages stand."}
      </p>
      <p className="meta wrap">
        <Text>{fault instanceof Error ? fault.message : String(fault)}</Text>
      </p>
      <button type="button" disabled={isPending} onClick={() => mutate()}>
        Load again
      </button>
      {error === null ? null : <Failure error={error} />}
    </div>
  );
}
