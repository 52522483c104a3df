// The type-ahead field (`search` in fields.html): one choice or several, from a list the server searches.
document.addEventListener("alpine:init", () => {
  Alpine.data("picker", () => ({
    name: "", source: "", multiple: false, required: false,
    chosen: [], found: [], text: "", shownFor: null, hurry: false, at: 0, open: false, message: "",

    init() {
      const { name, source, multiple, required } = this.$root.dataset;
      Object.assign(this, { name, source, multiple: multiple === "true", required: required === "true" });
      // What was chosen before comes from the server as plain text, readable before this script is.
      this.chosen = [...this.$root.querySelectorAll("[data-chosen]")].map((chip) => {
        const label = chip.textContent.trim();
        chip.remove();
        return { value: chip.dataset.chosen, label };
      });
    },

    get mustFill() { return this.required && !this.chosen.length; },
    get active() { return this.open && this.found.length ? this.idOf(this.at) : null; },
    idOf(index) { return `${this.name}-option-${index}`; },

    async look() {
      const address = new URL(this.source, location.href);
      const project = this.$root.closest("form")?.elements.project?.value;
      if (project) address.searchParams.set("project", project);
      address.searchParams.set("q", this.text);
      const asked = this.text;
      try {
        const answer = await fetch(address, { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(answer.statusText);
        const options = await answer.json();
        if (asked !== this.text || !this.$root.contains(document.activeElement)) return;
        this.show(options.filter((option) => !this.chosen.some((one) => one.value === option.value)));
      } catch { this.message = "The list cannot be searched right now; you can go on without it."; }
    },

    show(options) {
      this.found = options;
      this.shownFor = this.text;
      this.at = 0;
      this.open = options.length > 0;
      this.message = options.length || !this.text ? "" : `Nothing is called “${this.text}”.`;
      if (this.hurry && options.length) this.choose(options[0]);
      this.hurry = false;
    },

    choose(option) {
      this.chosen = this.multiple ? [...this.chosen, option] : [option];
      this.text = "";
      this.hurry = false;
      this.show([]);
    },
    remove(choice) {
      this.chosen = this.chosen.filter((one) => one.value !== choice.value);
      this.$refs.input.focus();
    },
    leave() { this.open = false; },

    key(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && this.open) this.at = (this.at + step + this.found.length) % this.found.length;
      // Enter before the answer means the best match for what is typed now, not what the old list shows.
      else if (event.key === "Enter" && this.text && this.shownFor !== this.text) this.hurry = true;
      else if (event.key === "Enter" && this.open) this.choose(this.found[this.at]);
      else if (event.key === "Enter" && this.text) this.look();
      else if (event.key === "Escape" && this.open) this.open = false;
      else if (event.key === "Backspace" && !this.text && this.chosen.length) this.chosen = this.chosen.slice(0, -1);
      else return;
      event.preventDefault();
    },
  }));
});
