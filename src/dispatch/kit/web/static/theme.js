// Runs before the first paint, so that a dark room stays dark. app.js does the rest.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    let choice = "auto";
    try { choice = localStorage.getItem("theme") || "auto"; } catch { /* storage is forbidden: follow the system */ }
    const theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    document.documentElement.setAttribute("data-bs-theme", theme);
    document.documentElement.dataset.theme = choice;
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("themechange", apply);
})();
