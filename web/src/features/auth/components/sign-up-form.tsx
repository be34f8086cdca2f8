import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { useSignUp } from "../api/sign-up";
import styles from "./auth-form.module.css";

const PASSWORD_MIN = 8;
const PASSWORD_MAX = 128;

export function SignUpForm() {
  const signUp = useSignUp();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const problem = signUp.error ? asProblem(signUp.error) : null;
  const fields = problem?.fields ?? {};
  const taken = problem?.code === "email_taken" ? problem.message : undefined;
  const placed = Boolean(taken || fields["name"] || fields["email"] || fields["password"]);

  function submit(event: FormEvent) {
    event.preventDefault();
    signUp.mutate({ name: name.trim(), email: email.trim(), password });
  }

  return (
    <form className={styles["form"]} onSubmit={submit}>
      {problem && !placed && <Notice tone="bad">{problem.message}</Notice>}
      <TextField
        label="Name"
        autoComplete="name"
        required
        autoFocus
        maxLength={100}
        value={name}
        error={fields["name"]}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="Email"
        type="email"
        autoComplete="username"
        required
        value={email}
        error={taken ?? fields["email"]}
        onChange={(event) => setEmail(event.target.value)}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="new-password"
        required
        minLength={PASSWORD_MIN}
        maxLength={PASSWORD_MAX}
        value={password}
        error={fields["password"]}
        hint={`At least ${PASSWORD_MIN} characters. A few unrelated words work well.`}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button
        type="submit"
        variant="primary"
        className={styles["submit"] ?? ""}
        pending={signUp.isPending && "Creating your account…"}
      >
        Create account
      </Button>
    </form>
  );
}
