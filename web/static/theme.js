// Runs before the first paint, so that a chosen theme does not flash in the other one. It is a classic
// script on purpose: modules wait for the document.
(() => {
  try {
    const theme = JSON.parse(localStorage.getItem("longhaul.theme"));
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; the system's theme serves then.
  }
})();
