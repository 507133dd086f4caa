// What pages do beyond links and forms. Every page also works without it.
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
      // Without TLS, or with the permission refused, browsers have no clipboard for scripts.
      said.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C to copy";
    }
  });
}

// A form that comes back with errors, or with one more row, has lost its secrets: the gateway never sends one back. What was
// typed is still here, and is put into the fields of the same names.
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

// What a script asked for and did not get is told at the top of the page.
function tellTrouble(sentence) {
  const notice = document.createElement("p");
  notice.className = "notice bad";
  notice.setAttribute("role", "alert");
  notice.textContent = sentence;
  document.getElementById("trouble").replaceChildren(notice);
}

document.body.addEventListener("htmx:responseError", (event) => {
  const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  tellTrouble(answer.querySelector("main p")?.textContent ?? "The gateway refused this. Reload the page, and try again.");
});
document.body.addEventListener("htmx:sendError", () => {
  tellTrouble("The gateway cannot be reached. Try again once it is back.");
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) {
    document.getElementById("trouble").replaceChildren();
  }
});

document.querySelectorAll("button[data-copy]").forEach(copyButton);
document.querySelectorAll("form[data-keeps-secrets]").forEach(keepSecrets);

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) {
      event.preventDefault();
    }
  });
}
