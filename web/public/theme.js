// Sets the theme somebody chose before anything is painted; without a choice the system's stays.
(() => {
  const chosen = localStorage.getItem("orket-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
