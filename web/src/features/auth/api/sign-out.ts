import { useMutation } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { CSRF_HEADER, endSession } from "@/api/session";

export function useSignOut() {
  return useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/auth/sign-out", { params: { header: CSRF_HEADER } })),
    onSuccess: () => endSession("everywhere"),
  });
}
