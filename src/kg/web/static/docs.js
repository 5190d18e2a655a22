// Swagger UI in the page of the API, from this host. Without it the list of operations in the page is the documentation.
"use strict";
{
  const place = document.getElementById("swagger");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = place.dataset.style;
  document.head.prepend(style); // Before ours, which settle what both say.

  const script = document.createElement("script");
  script.src = place.dataset.bundle;
  script.addEventListener("load", () => {
    document.getElementById("interactive").hidden = false;
    dark.addEventListener("change", follow);
    follow();
    SwaggerUIBundle({
      domNode: place,
      url: place.dataset.url,
      docExpansion: "none",
      defaultModelsExpandDepth: -1,
      deepLinking: true,
      filter: true,
      tryItOutEnabled: true,
      displayRequestDuration: true,
      supportedSubmitMethods: ["get", "post"],
      validatorUrl: null,
      // The page itself has title and description of the API: a second h1 with the same would say it twice.
      plugins: [() => ({ wrapComponents: { InfoContainer: () => () => null } })],
      // Swagger UI has a main landmark of its own; a page has one.
      onComplete: () => place.querySelectorAll("main").forEach((one) => one.setAttribute("role", "group")),
    });
  });
  document.head.append(script);
}
