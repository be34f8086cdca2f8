// Runs before each component test file.
import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// What the browser has and jsdom has not; Radix asks for them.
Element.prototype.hasPointerCapture ??= () => false;
Element.prototype.scrollIntoView ??= () => {};
vi.stubGlobal(
  "ResizeObserver",
  class {
    observe() {}
    unobserve() {}
    disconnect() {}
  },
);
window.scrollTo = () => {};

afterEach(() => {
  cleanup();
  localStorage.clear();
});
