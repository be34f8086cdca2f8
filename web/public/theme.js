// Runs before the first paint so that a chosen theme never flashes; src/lib/theme.ts writes the same key.
(() => {
  try {
    const choice = localStorage.getItem("sluicegate.theme");
    if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
  } catch {
    // Storage may be forbidden; the system theme applies.
  }
})();
