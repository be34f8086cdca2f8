import { lazy, Suspense } from "react";
import { SkeletonBlock } from "@/components/ui/skeleton";
import type { CodeEditorProps } from "./code-editor";

const CodeEditor = lazy(async () => ({ default: (await import("./code-editor")).CodeEditor }));

export function LazyCodeEditor(props: CodeEditorProps) {
  return (
    <Suspense fallback={<SkeletonBlock height={352} label="Loading the editor" />}>
      <CodeEditor {...props} />
    </Suspense>
  );
}
