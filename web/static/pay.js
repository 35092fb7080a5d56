// Stripe's own form on the page where a buyer pays: what is typed goes to Stripe, and to nobody else.
"use strict";
(() => {
  const form = document.querySelector("[data-stripe-key]");
  if (!form || !window.Stripe) return;
  const button = form.querySelector("button");
  const told = form.querySelector("[data-told]");
  const say = (sentence) => { told.textContent = sentence; told.hidden = !sentence; };
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const stripe = window.Stripe(form.dataset.stripeKey);
  const elements = stripe.elements({
    clientSecret: form.dataset.secret,
    appearance: { theme: dark ? "night" : "stripe" },
  });
  const element = elements.create("payment");
  element.on("ready", () => { button.disabled = false; say(""); });
  element.on("loaderror", (event) => say(event.error.message));
  element.mount(form.querySelector("[data-element]"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    say("");
    const back = `${location.origin}${location.pathname}?back=1`;
    const { error } = await stripe.confirmPayment({ elements, confirmParams: { return_url: back } });
    // Only what went wrong comes back here: whoever has paid is led to the page again.
    say(error.message || "The payment did not go through. Try again, or another way to pay.");
    button.disabled = false;
  });
})();
