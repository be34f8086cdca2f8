import { useMutation } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { startSession } from "@/api/session";

interface SignIn {
  email: string;
  password: string;
}

export function useSignIn() {
  return useMutation({
    mutationFn: (body: SignIn) => unwrap(api.POST("/api/v1/auth/sign-in", { body })),
    // A password is not kept for longer than the form is there.
    gcTime: 0,
    onSuccess: startSession,
  });
}
