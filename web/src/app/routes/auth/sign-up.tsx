import { getRouteApi, Link } from "@tanstack/react-router";
import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { SignUpForm } from "@/features/auth/components/sign-up-form";
import { CenterLayout } from "../../layouts/center-layout";
import styles from "./auth.module.css";

const route = getRouteApi("/sign-up");

/** Once signed up, the session changes and the router leaves this page by itself. */
export function SignUpPage() {
  const search = route.useSearch();
  return (
    <CenterLayout>
      <Card>
        <PageHeader
          title="Create your account"
          intro="You get an organization and a first project. Your first call takes a minute."
        />
        <SignUpForm />
      </Card>
      <p className={styles["other"]}>
        Already have an account?{" "}
        <Link to="/sign-in" search={search}>
          Sign in
        </Link>
      </p>
    </CenterLayout>
  );
}
