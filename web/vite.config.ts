// How the dashboard is built: static files below dist/, each but the page itself named after its content.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** For `npm run dev --workspace web` beside a running `orket serve`. */
const SERVER = "http://127.0.0.1:8082";

export default defineConfig({
  plugins: [react()],
  build: {
    target: ["chrome125", "firefox147", "safari26"],
    // What is inlined as data: is refused by the page's own policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: "es" },
  server: { proxy: { "/v1": { target: SERVER, headers: { origin: SERVER } } } },
});
