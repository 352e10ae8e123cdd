// Before the first paint, so that a light screen never flashes dark. A file, not inline: the content policy is 'self'.
try {
  var chosen = localStorage.getItem("kineme.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is blocked: the default theme stays.
}
