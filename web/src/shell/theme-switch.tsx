// Light, dark, or as the system has it. public/theme.js sets the choice before the first painting.
import { useState } from "react";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const isTheme = (text: string | null): text is Theme => THEMES.some((theme) => theme === text);

const stored = (): Theme => {
  const text = localStorage.getItem("orket-theme");
  return isTheme(text) ? text : "system";
};

function choose(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem("orket-theme");
    delete document.documentElement.dataset["theme"];
    return;
  }
  localStorage.setItem("orket-theme", theme);
  document.documentElement.dataset["theme"] = theme;
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState(stored);
  return (
    <label>
      <span>Theme</span>
      <select
        value={theme}
        onChange={({ target: { value } }) => {
          if (!isTheme(value)) return;
          choose(value);
          setTheme(value);
        }}
      >
        {THEMES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}
