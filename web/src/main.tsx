// Starts the dashboard in the page.
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { dropLostStyles } from "./kit/lazy-part.ts";
import "./kit/tokens.css";
import "./kit/base.css";

const root = document.getElementById("root");
if (root === null) throw new TypeError("The page has no root.");
dropLostStyles();
createRoot(root).render(<App />);
