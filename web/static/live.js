// Parts of a page that follow the venue: a quote that follows its form, and lists that follow the market. Lists can be
// paused, keep still under the reader's hand, and say when they are stale.
"use strict";
(() => {
  const failed = document.querySelector("[data-quote-failed]");
  if (!failed) return;
  const quote = document.getElementById("quote");
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.target !== quote) return;
    failed.hidden = event.detail.successful;
    quote.classList.toggle("stale", !event.detail.successful);
  });
})();
(() => {
  const state = document.querySelector("[data-live-state]");
  const button = document.querySelector("[data-live-toggle]");
  if (!state || !button) return;
  const words = state.dataset;
  const said = state.querySelector("[data-live-said]");
  let paused = false;
  let last = words.liveFrom;

  const show = (text) => { if (said.textContent !== text) said.textContent = text; };
  const held = (part) => part.contains(document.activeElement) || part.matches(":hover") || document.hidden;
  const liveOf = (event) => (event.target.matches("[data-live]") ? event.target : null);

  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.textContent = paused ? words.liveResume : words.livePause;
    show(`${paused ? words.livePaused : words.liveAsOf} ${last}`);
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const part = liveOf(event);
    if (part && (paused || held(part))) event.preventDefault();
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const part = liveOf(event);
    if (!part) return;
    part.classList.toggle("stale", !event.detail.successful);
    if (event.detail.successful) last = event.detail.xhr.getResponseHeader("Suanli-As-Of") || last;
    show(`${event.detail.successful ? words.liveAsOf : words.liveLost} ${last}`);
  });
})();
