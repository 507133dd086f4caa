// What pages do beyond links and forms. Every page also works without scripts.
"use strict";

// Buttons with data-copy="ID" copy the text of that field. They are hidden where no script runs.
function copyButton(button) {
  const field = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector(".copied");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = "Copied";
    } catch {
      // Without TLS, or if the permission is refused, browsers give scripts no clipboard.
      said.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C to copy";
    }
  });
}

// A form that comes back with errors, or with another row, has lost its secrets, because the gateway never sends one back.
// What was typed is still here, and is put back into the fields of the same names.
function keepSecrets(form) {
  let typed = new Map();
  form.addEventListener("htmx:beforeSwap", () => {
    const secrets = form.querySelectorAll("[data-secret]");
    typed = new Map(Array.from(secrets, (field) => [field.name, field.value]));
  });
  form.addEventListener("htmx:afterSwap", () => {
    for (const field of form.querySelectorAll("[data-secret]")) {
      field.value = typed.get(field.name) ?? "";
    }
    const wrong = form.querySelector("[aria-invalid]");
    const newest = form.querySelector("fieldset:last-of-type input:not([type=hidden])");
    (wrong ?? newest).focus();
  });
}

// Forms with data-guarded: whoever leaves the page is asked first if something entered in them has not been saved, even
// if it is another form's button that leads away.
const guarded = new Map();

function contentOf(form) {
  return JSON.stringify(Array.from(new FormData(form), ([name, value]) => [name, value.name ?? value]));
}

function guard(form) {
  // What a page shows again, with errors, filtered or after signing in, has not been saved either.
  const path = document.querySelector("[data-kept-form]")?.dataset.keptForm;
  const isSaved = !form.querySelector("[aria-invalid], [data-unsaved]") && new URL(form.action).pathname !== path;
  guarded.set(form, isSaved ? contentOf(form) : null);
}

window.addEventListener("beforeunload", (event) => {
  if (Array.from(guarded).some(([form, saved]) => contentOf(form) !== saved)) {
    event.preventDefault();
  }
});
window.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) {
    guarded.delete(event.target);
  }
});
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) {
    guarded.delete(event.detail.elt);
  }
});

// A script's failed request is reported at the top of the page.
function showTrouble(sentence) {
  const notice = document.createElement("p");
  notice.className = "notice bad";
  notice.setAttribute("role", "alert");
  notice.textContent = sentence;
  document.getElementById("trouble").replaceChildren(notice);
}

document.body.addEventListener("htmx:responseError", (event) => {
  const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  showTrouble(answer.querySelector("main p")?.textContent ?? "The gateway refused this. Reload the page, and try again.");
});
document.body.addEventListener("htmx:sendError", () => {
  showTrouble("The gateway cannot be reached. Try again once it is back.");
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) {
    document.getElementById("trouble").replaceChildren();
  }
});

document.querySelectorAll("button[data-copy]").forEach(copyButton);
document.querySelectorAll("form[data-keeps-secrets]").forEach(keepSecrets);
document.querySelectorAll("form[data-guarded]").forEach(guard);

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) {
      event.preventDefault();
    }
  });
}

// The key / goes to the search box. A single key gets in the way of people who dictate, or who hit keys by accident; so it
// does nothing in a field, and the account's page turns it off, in this browser.
const SHORTCUTS = "sluice-shortcuts";
const searchBox = document.querySelector("input[type=search]");
const shortcutsAreOn = () => localStorage.getItem(SHORTCUTS) !== "off";

function goToSearch(event) {
  const typing = event.target.closest("input, select, textarea");
  if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || typing) {
    return;
  }
  event.preventDefault();
  searchBox.focus();
  searchBox.select();
}

if (searchBox && shortcutsAreOn()) {
  searchBox.setAttribute("aria-keyshortcuts", "/");
  document.addEventListener("keydown", goToSearch);
}

for (const choice of document.querySelectorAll("[data-shortcuts]")) {
  choice.closest("[hidden]").hidden = false;
  choice.checked = shortcutsAreOn();
  choice.addEventListener("change", () => localStorage.setItem(SHORTCUTS, choice.checked ? "on" : "off"));
}
