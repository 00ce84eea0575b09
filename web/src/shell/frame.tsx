// What stands around every page: the way past it all, the top bar, the rail, and the shortcuts between pages.
import type { ReactNode } from "react";
import { useEffect } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { getJson } from "../api/http.ts";
import type { Health } from "../api/types.ts";
import { Icon } from "../kit/icons.tsx";
import { countInTitle } from "../kit/page.tsx";
import { Text } from "../kit/text.tsx";
import { live } from "../live/use-live.ts";
import { RAIL } from "../rail.ts";
import { Announcer } from "./announcer.tsx";
import { KeySheet } from "./key-sheet.tsx";
import { PaletteKey } from "./palette-key.tsx";
import { LiveChip } from "./live-chip.tsx";
import { OwnKey } from "./own-key.tsx";
import { SafetyBar } from "./safety-bar.tsx";
import { StaleBar } from "./stale-bar.tsx";
import { usePendingApprovals } from "./pending.ts";
import { ThemeSwitch } from "./theme-switch.tsx";
import { useGoKeys } from "./go-keys.ts";

export function Frame({ children }: { readonly children: ReactNode }) {
  useGoKeys();
  useEffect(() => {
    const wake = (): void => {
      if (!document.hidden) live.wake();
    };
    document.addEventListener("visibilitychange", wake);
    return () => document.removeEventListener("visibilitychange", wake);
  }, []);
  return (
    <div className="frame">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <TopBar />
      <Announcer />
      <Rail />
      <main className="page" id="page" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

const BRAND = "Orket";

function TopBar() {
  const { data } = useQuery({
    queryKey: ["health"],
    queryFn: async () => getJson<Health>("/health"),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <header className="top">
      <Link className="brand" href="/board">
        {BRAND}
      </Link>
      {data === undefined || data.organization === BRAND ? null : (
        <span className="clip">
          <Text>{data.organization}</Text>
        </span>
      )}
      <span className="push" />
      <PaletteKey />
      <LiveChip />
      <KeySheet />
      <ThemeSwitch />
      <OwnKey />
      <StaleBar />
      <SafetyBar />
    </header>
  );
}

function Rail() {
  const [path] = useLocation();
  const pending = usePendingApprovals().data?.approvals.length ?? 0;
  useEffect(() => countInTitle(pending), [pending]);
  return (
    <nav className="rail" aria-label="Pages">
      <ul>
        {RAIL.map(({ path: to, word, icon }) => {
          const isHere = path === to || path.startsWith(`${to}/`);
          return (
            <li key={to}>
              <Link href={to} aria-current={isHere ? "page" : undefined}>
                <Icon name={icon} />
                {word}
                {to === "/approvals" && pending > 0 ? <Badge count={pending} /> : null}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

const Badge = ({ count }: { readonly count: number }) => (
  <span className="badge">
    {count}
    <span className="hidden-label"> waiting</span>
  </span>
);
