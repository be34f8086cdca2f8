import { LogOut, UserRound } from "lucide-react";
import { useState } from "react";
import type { User } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Menu, MenuChoice, MenuDivider, MenuItem, MenuLabel } from "@/components/ui/menu";
import { useToast } from "@/components/ui/toaster";
import { useSignOut } from "@/features/auth/api/sign-out";
import { applyTheme, storedTheme, type Theme } from "@/lib/theme";
import styles from "./account-menu.module.css";

const THEMES: readonly { value: Theme; label: string }[] = [
  { value: "system", label: "System theme" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

export function AccountMenu({ user }: { user: User }) {
  const signOut = useSignOut();
  const toast = useToast();
  const [theme, setTheme] = useState<Theme>(storedTheme);

  function choose(next: Theme) {
    applyTheme(next);
    setTheme(next);
  }

  const trigger = (
    <Button
      variant="quiet"
      size="small"
      className={styles["trigger"] ?? ""}
      aria-label={`Account of ${user.name}`}
    >
      <UserRound size={16} aria-hidden />
    </Button>
  );
  return (
    <Menu trigger={trigger}>
      <div className={styles["who"]}>
        <p className={styles["name"]}>{user.name}</p>
        <MenuLabel>{user.email}</MenuLabel>
      </div>
      <MenuDivider />
      <MenuChoice label="Theme" value={theme} options={THEMES} onChange={choose} />
      <MenuDivider />
      <MenuItem
        onSelect={() =>
          signOut.mutate(undefined, {
            onError: () => toast("Signing out did not reach the server. Try again."),
          })
        }
      >
        <LogOut size={16} aria-hidden /> Sign out
      </MenuItem>
    </Menu>
  );
}
