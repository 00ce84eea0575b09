// The whole dashboard: requests, addresses, and the frame around each page. A refused key leads to the login, whichever
// request was refused.
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { isSignedOut, retryUnanswered } from "./api/http.ts";
import { paramsOf } from "./kit/address.ts";
import { Part } from "./kit/part.tsx";
import { Skeleton } from "./kit/states.tsx";
import { LoginPage } from "./pages/login/login-page.tsx";
import { PAGES } from "./routes.tsx";
import { Frame } from "./shell/frame.tsx";
import { Unknown } from "./shell/unknown.tsx";

function leaveOnSignOut(error: unknown): void {
  if (!isSignedOut(error) || location.pathname === "/login") return;
  const next = `${location.pathname}${location.search}`;
  history.pushState(null, "", `/login?next=${encodeURIComponent(next)}`);
}

const client = new QueryClient({
  queryCache: new QueryCache({ onError: leaveOnSignOut }),
  mutationCache: new MutationCache({ onError: leaveOnSignOut }),
  defaultOptions: {
    queries: {
      retry: retryUnanswered,
      refetchOnWindowFocus: false,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

/** Also what holds an end of a line, which the router's own pattern leaves out. */
const ANY = /^[^]*$/;

export const App = () => (
  <QueryClientProvider client={client}>
    <Pages />
  </QueryClientProvider>
);

function Pages() {
  const [path] = useLocation();
  return (
    <Switch>
      <Route path="/login">
        <LoginPage />
      </Route>
      <Route path="/">
        <Redirect to="/board" replace />
      </Route>
      <Route path={ANY}>
        <Frame>
          <Part what="This page" isPage at={path} fallback={<Skeleton what="the page" />}>
            <Switch>
              {PAGES.map(({ path, page: Page }) => (
                <Route key={path} path={path}>
                  {() => <Page params={paramsOf(path, location.pathname)} />}
                </Route>
              ))}
              <Route path={ANY}>
                <Unknown />
              </Route>
            </Switch>
          </Part>
        </Frame>
      </Route>
    </Switch>
  );
}
