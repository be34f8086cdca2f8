import { useMutation } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { startSession } from "@/api/session";

interface SignUp {
  name: string;
  email: string;
  password: string;
}

export function useSignUp() {
  return useMutation({
    mutationFn: (body: SignUp) => unwrap(api.POST("/api/v1/auth/sign-up", { body })),
    // A password is not kept for longer than the form is there.
    gcTime: 0,
    onSuccess: startSession,
  });
}
