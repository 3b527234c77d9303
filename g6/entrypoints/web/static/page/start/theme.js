// Before the first paint: the chosen theme, so that a dark page never flashes white.
(() => {
  let theme = "";
  try {
    theme = localStorage.getItem("g6-theme") || "";
  } catch {
    // A page from a file may have no storage: the system's theme serves.
  }
  if (theme) document.documentElement.dataset.theme = theme;
})();
