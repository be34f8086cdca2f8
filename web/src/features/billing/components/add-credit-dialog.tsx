// Asks for a top-up and leads to its payment. Credit is there when the payment arrives, not when this dialog closes.
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { TopUp } from "@/api/types";
import { Button, buttonClass } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { TextField } from "@/components/ui/field";
import { FormProblem } from "@/components/ui/form-problem";
import { formatMoneyExact } from "@/lib/money";
import { useCreateTopUp } from "../api/create-top-up";
import styles from "./add-credit-dialog.module.css";

interface AddCreditDialogProps {
  organization: string;
  onClose: () => void;
}

export function AddCreditDialog({ organization, onClose }: AddCreditDialogProps) {
  const create = useCreateTopUp(organization);
  const [amount, setAmount] = useState("");
  const errors = create.error ? asProblem(create.error).pointers : {};

  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate(amount.trim());
  }

  if (create.data) return <Payment topUp={create.data} onClose={onClose} />;
  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title="Add credit"
      description="You pay first. The credit is there when the payment arrives."
    >
      <form className={styles["form"]} onSubmit={submit}>
        <FormProblem error={create.error} places={["/amount/amount"]} />
        <TextField
          label="Amount in US dollars"
          required
          inputMode="decimal"
          autoComplete="off"
          placeholder="50.00"
          value={amount}
          error={errors["/amount/amount"]}
          hint="Whole cents."
          onChange={(event) => setAmount(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={create.isPending && "Asking…"}>
            Continue to payment
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Payment({ topUp, onClose }: { topUp: TopUp; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Pay ${formatMoneyExact(topUp.amount)}`}
      description={
        topUp.payment_url
          ? "The payment opens in a tab of its own. This page shows the credit soon after it is paid."
          : "Give your payment this reference, so that it can be told whose it is."
      }
    >
      {!topUp.payment_url && (
        <p className={styles["reference"]}>
          <code>{topUp.id}</code>
          <CopyButton text={topUp.id} label="Copy reference" />
        </p>
      )}
      <DialogActions>
        <Button onClick={onClose}>{topUp.payment_url ? "Later" : "Done"}</Button>
        {topUp.payment_url && (
          <a
            className={buttonClass("primary")}
            href={topUp.payment_url}
            target="_blank"
            rel="noreferrer"
            onClick={onClose}
          >
            Pay {formatMoneyExact(topUp.amount)}
          </a>
        )}
      </DialogActions>
    </Dialog>
  );
}
