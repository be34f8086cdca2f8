// Short confirmations. Errors never come here: they stay where they happened.
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from "react";
import styles from "./toaster.module.css";

const SHOWN_MS = 4_000;
const ToastContext = createContext<(message: string) => void>(() => {});

export function useToast(): (message: string) => void {
  return useContext(ToastContext);
}

export function Toaster({ children }: { children: ReactNode }) {
  const [toast, setToast] = useState<{ id: number; message: string } | null>(null);
  const show = useCallback((message: string) => {
    setToast((previous) => ({ id: (previous?.id ?? 0) + 1, message }));
  }, []);

  useEffect(() => {
    if (!toast) return;
    const timer = setTimeout(() => setToast(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);

  return (
    <ToastContext value={show}>
      {children}
      <div className={styles["region"]} role="status">
        {toast && (
          <p key={toast.id} className={styles["toast"]}>
            {toast.message}
          </p>
        )}
      </div>
    </ToastContext>
  );
}
