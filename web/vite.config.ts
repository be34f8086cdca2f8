// Builds the dashboard bundle; in mock mode the API is answered in process, otherwise it is proxied to a control plane.
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { mockApi } from "./src/testing/vite-mock-api.ts";

const controlPlane = process.env["SLUICEGATE_API"] ?? "http://127.0.0.1:8080";

export default defineConfig(({ mode }) => {
  const proxy = mode === "mock" ? {} : { "/api": { target: controlPlane, changeOrigin: false } };
  return {
    plugins: mode === "mock" ? [react(), mockApi()] : [react()],
    resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
    server: { host: "127.0.0.1", proxy },
    preview: { host: "127.0.0.1", proxy },
    build: {
      // light-dark() stays as written only when every target knows it.
      target: ["chrome123", "firefox120", "safari17.5"],
      manifest: true,
      modulePreload: { polyfill: false },
      // Data URLs would need a wider content security policy.
      assetsInlineLimit: 0,
    },
    test: {
      env: { TZ: "UTC" },
      projects: [
        { extends: true, test: { name: "pure", environment: "node", include: ["src/**/*.test.ts"] } },
        {
          extends: true,
          test: {
            name: "components",
            environment: "jsdom",
            include: ["src/**/*.test.tsx"],
            setupFiles: ["src/testing/setup.ts"],
            testTimeout: 60_000,
          },
        },
      ],
    },
  };
});
