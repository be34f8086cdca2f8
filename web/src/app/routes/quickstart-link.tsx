import { Link } from "@tanstack/react-router";
import { buttonClass } from "@/components/ui/button";

export function QuickstartLink() {
  return (
    <Link from="/o/$org/p/$project" to="./quickstart" className={buttonClass("primary")}>
      Make a first call
    </Link>
  );
}
