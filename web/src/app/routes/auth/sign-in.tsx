import { getRouteApi, Link } from "@tanstack/react-router";
import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { SignInForm } from "@/features/auth/components/sign-in-form";
import { CenterLayout } from "../../layouts/center-layout";
import styles from "./auth.module.css";

const route = getRouteApi("/sign-in");

/** Once signed in, the session changes and the router leaves this page by itself. */
export function SignInPage() {
  const search = route.useSearch();
  return (
    <CenterLayout>
      <Card>
        <PageHeader title="Sign in" />
        <SignInForm />
      </Card>
      <p className={styles["other"]}>
        New here?{" "}
        <Link to="/sign-up" search={search}>
          Create an account
        </Link>
      </p>
    </CenterLayout>
  );
}
