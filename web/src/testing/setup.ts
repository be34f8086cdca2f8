// Runs before each component test file.
import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// A busy machine may take longer than the usual second; what never comes still fails.
configure({ asyncUtilTimeout: 10_000 });

// What the browser has and jsdom has not; Radix and the text editor ask for them.
Element.prototype.hasPointerCapture ??= () => false;
Element.prototype.scrollIntoView ??= () => {};
Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList;
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
