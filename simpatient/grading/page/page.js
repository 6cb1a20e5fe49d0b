// Comforts; without them the links, the folds and the words still work. Nothing is sent or stored.
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];

  // A moment's link becomes a button that plays it from and to its time, and stops it.
  const audio = one("#audio");
  let on = null;
  const stop = () => {
    audio.pause();
    if (on) on.classList.remove("on");
    on = null;
  };
  for (const link of audio ? all("a.play") : []) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "play";
    Object.assign(button.dataset, link.dataset);
    button.append(...link.childNodes);
    button.addEventListener("click", () => {
      const again = on === button;
      stop();
      if (again) return;
      on = button;
      button.classList.add("on");
      audio.currentTime = Number(button.dataset.from);
      audio.play().catch(stop);
    });
    link.replaceWith(button);
  }
  if (audio) {
    audio.addEventListener("timeupdate", () => on && audio.currentTime >= Number(on.dataset.to) && stop());
    audio.addEventListener("ended", stop);
  }

  // The learner's own estimate, said in words, and again beside the patient's.
  const slider = one("#own-come-back");
  if (slider) {
    slider.addEventListener("input", () => {
      one("#own-come-back-said").textContent = `${slider.value} in 100`;
      one("#own-beside").textContent = `You thought: ${slider.value} in 100.`;
      one("#own-beside").hidden = false;
    });
  }

  // What moved the patient at a marker, in the line under the timeline.
  const caption = one("#caption");
  const usual = caption && [...caption.childNodes];
  for (const marker of all(".marker")) {
    const tell = () => caption.replaceChildren(marker.getAttribute("aria-label"));
    const untell = () => caption.replaceChildren(...usual);
    marker.addEventListener("focus", tell);
    marker.addEventListener("mouseenter", tell);
    marker.addEventListener("blur", untell);
    marker.addEventListener("mouseleave", untell);
  }

  // On paper every fold is open, but not the marks before the learner asked for them.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not(.gate, [open])");
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => opened.forEach((fold) => (fold.open = false)));
  const print = document.createElement("button");
  print.type = "button";
  print.className = "print play";
  print.textContent = "Print";
  print.addEventListener("click", () => window.print());
  one("#notes").parentNode.append(print);
})();
