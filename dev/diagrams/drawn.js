// Draws a diagram with Mermaid and gives it back as an SVG whose looks stand in its attributes: no style sheet and no style attribute, which
// the console's pages allow nowhere.
async ([diagram, scheme]) => {
    const looks = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "marker-start", "marker-end", "opacity"];
    const ofText = ["fill", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline"];
    const fonts = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif";
    const ground = scheme === "dark" ? "#181f27" : "#ffffff";

    mermaid.initialize({
        startOnLoad: false,
        securityLevel: "strict",
        deterministicIds: true,
        theme: scheme === "dark" ? "dark" : "neutral",
        themeVariables: scheme === "dark" ? { actorLineColor: "#4a5663", noteTextColor: "#e3e8ee" } : {},
        fontFamily: fonts,
        htmlLabels: false,
        flowchart: { htmlLabels: false },
        sequence: { mirrorActors: false, wrap: true, width: 120, actorMargin: 65 },
    });
    const holder = document.body.appendChild(document.createElement("div"));
    holder.innerHTML = (await mermaid.render("diagram", diagram)).svg;
    const svg = holder.querySelector("svg");
    const [left, top, width, height] = svg.getAttribute("viewBox").split(" ").map(Number);

    for (const element of svg.querySelectorAll("*")) {
        if (!element.closest("defs") && !element.matches("title, desc") && !element.checkVisibility()) element.setAttribute("display", "none");
        const isText = element.matches("text, tspan");
        if (!isText && !element.matches("path, line, rect, circle, ellipse, polygon, polyline")) continue;
        const computed = getComputedStyle(element);
        for (const name of isText ? ofText : looks) {
            const value = computed.getPropertyValue(name);
            if (value && !["none", "normal", "auto", "1"].includes(value) || name === "fill") element.setAttribute(name, value);
        }
    }
    for (const element of [svg, ...svg.querySelectorAll("*")]) {
        for (const name of ["style", "class", "data-look", "data-id", "data-et", "data-type", "aria-roledescription"]) element.removeAttribute(name);
    }
    svg.querySelectorAll("style, script").forEach((element) => element.remove());
    for (const each of svg.querySelectorAll("defs > [id]")) {
        if (!svg.outerHTML.match(`#${each.id}(?![\\w-])`)) each.closest("defs").remove();
    }
    svg.setAttribute("width", Math.ceil(width));
    svg.setAttribute("height", Math.ceil(height));
    svg.setAttribute("font-family", fonts);
    const behind = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x: left, y: top, width, height, fill: ground })) behind.setAttribute(name, value);
    svg.prepend(behind);
    const written = new XMLSerializer().serializeToString(svg);
    holder.remove();
    return written;
}
