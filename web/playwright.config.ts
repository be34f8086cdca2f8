// Two suites: `mock` looks at every page and state against the mock API; `live` walks from sign-up to the first
// request against a running server, given by SLUICEGATE_TEST_URL.
import { defineConfig, type PlaywrightTestOptions, type PlaywrightWorkerOptions } from "@playwright/test";

const MOCK_PORT = process.env["SLUICEGATE_TEST_MOCK_PORT"] ?? "4173";
const mockUrl = `http://127.0.0.1:${MOCK_PORT}`;
const liveUrl = process.env["SLUICEGATE_TEST_URL"];

const chromium: Partial<PlaywrightTestOptions & PlaywrightWorkerOptions> = {
  browserName: "chromium",
  launchOptions: {
    executablePath: process.env["SLUICEGATE_TEST_CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};

/** The mock server is started only when the mock suite may run. */
const wantsMock = !process.argv.some((argument) => argument === "--project=live");

export default defineConfig({
  testDir: "e2e",
  fullyParallel: true,
  forbidOnly: Boolean(process.env["CI"]),
  workers: 2,
  timeout: 60_000,
  // A busy machine is slow, not wrong.
  expect: { timeout: 15_000 },
  // A test that passes only the second time is listed as flaky, in the output and by name.
  retries: 1,
  reporter: [["list"]],
  use: { ...chromium, screenshot: "only-on-failure" },
  projects: [
    { name: "mock", testMatch: "mock/**/*.spec.ts", use: { ...chromium, baseURL: mockUrl } },
    {
      name: "live",
      testMatch: "live/**/*.spec.ts",
      use: { ...chromium, ...(liveUrl ? { baseURL: liveUrl } : {}) },
    },
  ],
  ...(wantsMock
    ? {
        webServer: {
          command: `npx vite build --mode mock --outDir dist-mock && npx vite preview --mode mock --outDir dist-mock --port ${MOCK_PORT} --strictPort`,
          url: mockUrl,
          timeout: 120_000,
          reuseExistingServer: false,
        },
      }
    : {}),
});
