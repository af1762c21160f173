/* Points on outlines, beside the list that says the same. The list is what keyboards and screen readers use: a link of
   it that gets the focus is marked on the map, and a click on a point moves the focus to its link. */
(() => {
  "use strict";
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const decode = (ring, grid) => {
    const points = [];
    const here = [0, 0];
    let axis = 0, rest = 0, shift = 0;
    for (const sign of ring) {
      const chunk = sign.charCodeAt(0) - 63;
      rest |= (chunk & 31) << shift;
      shift += 5;
      if (chunk < 32) {
        here[axis] += (rest >> 1) ^ -(rest & 1);
        if (axis) points.push([here[0] / grid, here[1] / grid]);
        axis ^= 1;
        rest = shift = 0;
      }
    }
    return points;
  };

  const shape = (rings, grid, className) =>
    L.polygon(rings.map((ring) => decode(ring, grid)), { className, interactive: false, smoothFactor: 0.5 });

  const draw = async (map, address) => {
    const answer = await fetch(address);
    if (!answer.ok) return;
    const told = await answer.json();
    for (const rings of Object.values(told.municipalities)) shape(rings, told.grid, "map-municipality").addTo(map);
    shape(told.outline, told.grid, "map-province").addTo(map);
  };

  /* Leaflet comes when a map comes near the window: most people read the list first, or only the list. */
  let leaflet;
  const loaded = ({ leaflet: script, leafletStyle: style }) => {
    leaflet ??= Promise.all([
      ["link", { rel: "stylesheet", href: style }],
      ["script", { src: script }],
    ].map(([tag, values]) => new Promise((resolve, reject) => {
      const part = Object.assign(document.createElement(tag), values, { onload: resolve, onerror: reject });
      document.head.append(part);
    })));
    return leaflet;
  };

  const start = (whole) => {
    const canvas = whole.querySelector(".map-canvas");
    const links = [...whole.querySelectorAll("[data-point]")];
    if (!canvas.hidden || !links.length) return;
    canvas.hidden = false;
    whole.classList.add("map-shown");
    new IntersectionObserver((seen, watch) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watch.disconnect();
      loaded(canvas.dataset).then(() => show(canvas, links), () => { canvas.hidden = true; });
    }, { rootMargin: "100px" }).observe(canvas);
  };

  const show = (canvas, links) => {
    const { zoomIn, zoomOut, credit, outlines } = canvas.dataset;
    const map = L.map(canvas, {
      zoomControl: false, attributionControl: false, scrollWheelZoom: false, zoomSnap: 0.25, minZoom: 5, maxZoom: 13,
      fadeAnimation: !still, zoomAnimation: !still, markerZoomAnimation: !still,
    });
    L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
    L.control.attribution({ prefix: false }).addAttribution(credit).addTo(map);
    const place = (link) => link.dataset.point.split(" ").map(Number);
    map.fitBounds(L.latLngBounds(links.map(place)).pad(0.15), { maxZoom: 10, animate: false });
    for (const link of links) {
      const { count, tone } = link.dataset;
      const many = Number(count);
      const side = Math.round(24 + 6 * Math.log2(Math.max(many, 1)));
      const icon = L.divIcon({ className: `map-point map-${tone}`, html: many > 1 ? count : "", iconSize: [side, side] });
      // Out of the order of tabs and unsaid: its link in the list is both already.
      const marker = L.marker(place(link), { icon, keyboard: false }).addTo(map);
      const box = marker.getElement();
      box.setAttribute("aria-hidden", "true");
      const mark = (isOn) => {
        box.classList.toggle("map-here", isOn);
        link.closest("li").classList.toggle("map-here", isOn);
        marker.setZIndexOffset(isOn ? 1000 : 0);
      };
      marker.on("click", () => {
        link.focus({ preventScroll: true });
        link.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
      });
      link.addEventListener("focus", () => {
        mark(true);
        map.panInside(marker.getLatLng(), { padding: [40, 40], animate: !still });
      });
      link.addEventListener("blur", () => mark(false));
      link.addEventListener("mouseenter", () => mark(true));
      link.addEventListener("mouseleave", () => mark(document.activeElement === link));
    }
    Promise.all((outlines ? outlines.split(" ") : []).map((address) => draw(map, address)))
      .finally(() => { canvas.dataset.ready = ""; });
  };

  const all = (part) => part.querySelectorAll("[data-map]").forEach(start);
  all(document);
  document.addEventListener("htmx:load", (event) => all(event.target));
})();
