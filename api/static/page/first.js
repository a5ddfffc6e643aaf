"use strict";

// Runs before the body is drawn: a page that turns around or flashes white afterwards is unpleasant.
(() => {
  const kept = (name) => {
    try {
      return localStorage.getItem(`sanad.${name}`);
    } catch {
      return null; // storage is switched off
    }
  };
  const root = document.documentElement;
  const stored = kept("language");
  const language = ["ar", "en"].includes(stored)
    ? stored
    : /^ar\b/i.test(navigator.language || "") ? "ar" : "en";
  root.lang = language;
  root.dir = language === "ar" ? "rtl" : "ltr";
  const theme = kept("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
})();
